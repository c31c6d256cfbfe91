-- Purpose: who has subscribed to what.
-- Touches: table public.subscriptions.
-- Locks:   share row exclusive on public.profiles, public.plans, for an instant. On hosted, the
--          auth tables too: logins wait.
-- Rollout: pre.
-- Undo:    drop table public.subscriptions.

set lock_timeout = '500ms';
set statement_timeout = '2s';

create table public.subscriptions (
    id uuid not null default private.uuid_v7(),
    profile_id uuid not null,
    plan_name text not null,
    stripe_subscription_id text,
    quantity integer not null default 1,
    status text not null,
    is_active boolean not null default false,
    start_date timestamptz not null default now(),
    end_date timestamptz,
    current_period_start timestamptz,
    current_period_end timestamptz,
    cancel_at_period_end boolean not null default false,
    next_grant_at timestamptz,
    created_at timestamptz not null default now(),

    constraint subscriptions_pkey primary key (id),
    constraint subscriptions_stripe_subscription_id_key unique (stripe_subscription_id),
    constraint subscriptions_quantity_positive check (quantity > 0),
    constraint subscriptions_profile_id_fkey
    foreign key (profile_id) references public.profiles (id),
    constraint subscriptions_plan_name_fkey
    foreign key (plan_name) references public.plans (plan_name),
    constraint subscriptions_status_known check (
        status in (
            'incomplete', 'incomplete_expired', 'trialing', 'active', 'past_due', 'unpaid',
            'canceled', 'paused'
        )
    ),
    constraint subscriptions_period_is_forward check (current_period_end > current_period_start),
    constraint subscriptions_ends_after_start check (end_date >= start_date)
);

create index subscriptions_profile_id_idx on public.subscriptions (profile_id);
create index subscriptions_plan_name_idx on public.subscriptions (plan_name);

comment on table public.subscriptions is 'Who has which plan, as the payment provider sees it.';
comment on column public.subscriptions.stripe_subscription_id is
'Stripe''s id, sub_…; null: given by an operator.';
comment on column public.subscriptions.status is
'As Stripe has it, https://docs.stripe.com/api/subscriptions/object.';
comment on column public.subscriptions.quantity is
'How many times the plan: its monthly credits are multiplied by it.';
comment on column public.subscriptions.is_active is
'Whether its plan serves now. end_date ends it in any case.';
comment on column public.subscriptions.end_date is 'When it stops serving, once that is known.';
comment on column public.subscriptions.next_grant_at is
'When the next credits of the plan are due.';

alter table public.subscriptions enable row level security;

create policy subscriptions_select_own
on public.subscriptions
as permissive
for select
to authenticated
using (profile_id = (select auth.uid()));

comment on policy subscriptions_select_own on public.subscriptions is
'A person reads their own subscriptions.';

grant select on table public.subscriptions to authenticated;
