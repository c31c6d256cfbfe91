-- Purpose: money that arrived.
-- Touches: table public.payments.
-- Locks:   share row exclusive on public.profiles, public.subscriptions, for an instant. On hosted,
--          the auth tables too: logins wait.
-- Rollout: pre.
-- Undo:    none: money rows are not dropped.

set lock_timeout = '500ms';
set statement_timeout = '2s';

create table public.payments (
    id uuid not null default private.uuid_v7(),
    profile_id uuid not null,
    stripe_payment_id text not null,
    kind text not null,
    item_key text not null,
    amount bigint not null,
    currency text not null,
    credits_added bigint not null default 0,
    amount_reversed bigint not null default 0,
    dispute_status text,
    subscription_id uuid,
    created_at timestamptz not null default now(),

    constraint payments_pkey primary key (id),
    constraint payments_stripe_payment_id_key unique (stripe_payment_id),
    constraint payments_profile_id_fkey foreign key (profile_id) references public.profiles (id),
    constraint payments_subscription_id_fkey
    foreign key (subscription_id) references public.subscriptions (id),
    constraint payments_kind_known check (kind in ('pack', 'subscription')),
    constraint payments_amount_not_negative check (amount >= 0),
    constraint payments_currency_is_iso check (currency ~ '^[a-z]{3}$'),
    constraint payments_credits_added_not_negative check (credits_added >= 0),
    constraint payments_amount_reversed_in_range check (amount_reversed between 0 and amount),
    constraint payments_dispute_status_known check (dispute_status in ('open', 'won', 'lost'))
);

create index payments_profile_id_id_idx on public.payments (profile_id, id desc);
create index payments_subscription_id_idx on public.payments (subscription_id)
where subscription_id is not null;

comment on table public.payments is 'One row per payment that arrived.';
comment on column public.payments.kind is 'pack or subscription.';
comment on column public.payments.currency is 'ISO 4217, in lower case as Stripe has it.';
comment on column public.payments.stripe_payment_id is
'Business key: the Checkout session (cs_…) or the invoice (in_…). The same payment is recorded once,
however often and by whatever event it is told.';
comment on column public.payments.item_key is 'The pack or the plan it paid for.';
comment on column public.payments.amount is 'Minor units of the currency.';
comment on column public.payments.credits_added is 'Credits that were granted for it.';
comment on column public.payments.amount_reversed is
'What of the amount was refunded or lost in a dispute.';
comment on column public.payments.dispute_status is
'open: its credits are frozen. won: they are free again. lost: they were taken back.';

alter table public.payments enable row level security;

create policy payments_select_own
on public.payments
as permissive
for select
to authenticated
using (profile_id = (select auth.uid()));

comment on policy payments_select_own on public.payments is 'A person reads their own payments.';

grant select on table public.payments to authenticated;
