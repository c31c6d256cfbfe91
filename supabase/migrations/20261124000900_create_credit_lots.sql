-- Purpose: where credits came from: one lot per grant.
-- Touches: table public.credit_lots.
-- Locks:   share row exclusive on public.profiles, public.payments, public.subscriptions, for an
--          instant. On hosted, the auth tables too: logins wait.
-- Rollout: pre.
-- Undo:    drop table public.credit_lots.

set lock_timeout = '500ms';
set statement_timeout = '2s';

create table public.credit_lots (
    id bigint not null generated always as identity,
    profile_id uuid not null,
    source text not null,
    grant_key text not null,
    amount bigint not null,
    remaining bigint not null,
    priority integer not null default 100,
    expires_at timestamptz,
    frozen_at timestamptz,
    clawed_back bigint not null default 0,
    owed bigint not null default 0,
    payment_id uuid,
    subscription_id uuid,
    exhausted_at timestamptz,
    created_at timestamptz not null default now(),

    constraint credit_lots_pkey primary key (id),
    constraint credit_lots_grant_key_key unique (grant_key),
    constraint credit_lots_profile_id_fkey foreign key (profile_id) references public.profiles (id),
    constraint credit_lots_payment_id_fkey
    foreign key (payment_id) references public.payments (id),
    constraint credit_lots_subscription_id_fkey
    foreign key (subscription_id) references public.subscriptions (id),
    constraint credit_lots_source_known check (
        source in ('sign_up', 'referral', 'purchase', 'subscription', 'promotion', 'operator')
    ),
    constraint credit_lots_amount_positive check (amount > 0),
    constraint credit_lots_remaining_in_range check (remaining between 0 and amount),
    constraint credit_lots_clawed_back_in_range check (clawed_back between 0 and amount),
    constraint credit_lots_owed_in_range check (owed between 0 and clawed_back),
    constraint credit_lots_exhausted_when_empty check ((remaining = 0) = (exhausted_at is not null))
)
with (fillfactor = 70);

-- The burn order, over open lots only. exhausted_at changes once in a lot's life, so burning part
-- of a lot stays HOT; a predicate on remaining would not.
create index credit_lots_burn_order_idx
on public.credit_lots (profile_id, priority, expires_at, created_at, id)
where exhausted_at is null;

-- What a sweep has to expire.
create index credit_lots_expires_at_idx on public.credit_lots (expires_at)
where exhausted_at is null and expires_at is not null;

-- The order in which debts are repaid.
create index credit_lots_owed_idx on public.credit_lots (profile_id, created_at, id) where owed > 0;

create index credit_lots_payment_id_idx on public.credit_lots (payment_id)
where payment_id is not null;

create index credit_lots_subscription_id_idx on public.credit_lots (subscription_id)
where subscription_id is not null;

comment on table public.credit_lots is
'Where credits came from: one lot per grant. A spend burns open lots by priority, then earliest
expiry, then oldest; frozen and expired lots are not burned. Oldest is by created_at, and by id only
among lots of one transaction: a restored sequence or a second node may number them otherwise.';
comment on column public.credit_lots.source is
'sign_up, referral, purchase, subscription, promotion or operator.';
comment on column public.credit_lots.grant_key is
'Business key of the grant: the same key never grants twice.';
comment on column public.credit_lots.amount is 'Credits granted.';
comment on column public.credit_lots.remaining is 'Credits not yet burned.';
comment on column public.credit_lots.priority is 'Lower burns first.';
comment on column public.credit_lots.expires_at is
'Never burned from this instant on; null: never expires.';
comment on column public.credit_lots.frozen_at is
'Neither burned nor expired while set: its payment is disputed, or an operator holds it.';
comment on column public.credit_lots.clawed_back is
'Credits of it that were taken back for good: its payment was refunded or a dispute was lost.';
comment on column public.credit_lots.owed is
'Part of clawed_back that was spent by then and no later grant has repaid yet.';
comment on column public.credit_lots.exhausted_at is 'When remaining reached zero.';

alter table public.credit_lots enable row level security;

create policy credit_lots_select_own
on public.credit_lots
as permissive
for select
to authenticated
using (profile_id = (select auth.uid()));

comment on policy credit_lots_select_own on public.credit_lots is 'A person reads their own lots.';

grant select on table public.credit_lots to authenticated;
