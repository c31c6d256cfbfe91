-- Purpose: what can be subscribed to.
-- Touches: table public.plans.
-- Locks:   none. On hosted, the auth tables: logins wait.
-- Rollout: pre.
-- Undo:    drop table public.plans.

set lock_timeout = '500ms';
set statement_timeout = '2s';

create table public.plans (
    plan_name text not null,
    plan_family text not null default 'main',
    title text not null,
    description text not null default '',
    credits_per_month bigint not null default 0,
    price_amount bigint not null,
    currency text not null default 'usd',
    billing_interval text not null default 'month',
    rollover text not null default 'none',
    rollover_cap bigint,
    is_unlimited boolean not null default false,
    fair_use_per_day integer,
    fair_use_per_month integer,
    is_enabled boolean not null default true,

    constraint plans_pkey primary key (plan_name),
    constraint plans_plan_name_is_slug check (plan_name ~ '^[a-z][a-z0-9_]{1,62}$'),
    constraint plans_credits_per_month_not_negative check (credits_per_month >= 0),
    constraint plans_price_amount_not_negative check (price_amount >= 0),
    constraint plans_currency_is_iso check (currency ~ '^[a-z]{3}$'),
    constraint plans_billing_interval_known check (billing_interval in ('month', 'year')),
    constraint plans_rollover_known check (rollover in ('none', 'capped', 'all')),
    constraint plans_capped_has_cap check ((rollover = 'capped') = (rollover_cap is not null)),
    constraint plans_rollover_cap_positive check (rollover_cap > 0),
    constraint plans_gives_something check (credits_per_month > 0 or is_unlimited),
    -- An unlimited plan without a declared limit would be a promise nobody can keep.
    constraint plans_unlimited_declares_fair_use check (
        is_unlimited = (fair_use_per_day is not null)
        and is_unlimited = (fair_use_per_month is not null)
    ),
    constraint plans_fair_use_per_day_positive check (fair_use_per_day > 0),
    constraint plans_fair_use_per_month_positive check (fair_use_per_month > 0)
);

comment on table public.plans is 'What can be subscribed to.';
comment on column public.plans.title is 'Its name, as people read it.';
comment on column public.plans.description is 'What it is, as people read it.';
comment on column public.plans.currency is 'ISO 4217, in lower case as Stripe has it.';
comment on column public.plans.billing_interval is 'How often it is paid: month or year.';
comment on column public.plans.rollover_cap is
'Credits carried over at most, where rollover is capped.';
comment on column public.plans.fair_use_per_day is
'Free pictures in any 24 hours; null: not unlimited.';
comment on column public.plans.fair_use_per_month is
'Free pictures in any 30 days; null: not unlimited.';
comment on column public.plans.plan_family is
'A person has at most one subscription to the plans of one family.';
comment on column public.plans.credits_per_month is
'Credits granted for each month, for a year in advance too.';
comment on column public.plans.price_amount is
'Price of one billing interval, in minor units of the currency.';
comment on column public.plans.rollover is
'What is carried over when a month ends: nothing (none), at most rollover_cap (capped), or all.';
comment on column public.plans.is_enabled is 'Whether it can be subscribed to now.';
comment on column public.plans.is_unlimited is
'Pictures cost no credits, within fair use: fair_use_per_day in any 24 hours and fair_use_per_month
in any 30 days.';

create trigger _900_audit_change
after insert or update or delete on public.plans
for each row
execute function private.tg__audit_change('plan_name');

alter table public.plans enable row level security;

-- The price list is public: a visitor sees it before signing up. Plans that are not sold any more
-- are in it, since somebody may still have one; is_enabled tells.
create policy plans_select_all
on public.plans
as permissive
for select
to anon, authenticated
using (true);

comment on policy plans_select_all on public.plans is 'Everyone reads the price list.';

grant select on table public.plans to anon, authenticated;
