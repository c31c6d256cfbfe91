-- Purpose: the time that invoices paid a plan for, and its credits month by month.
-- Touches: table private.paid_periods.
-- Locks:   share row exclusive on public.subscriptions, public.payments, public.plans, for an
--          instant.
-- Rollout: pre.
-- Undo:    drop table private.paid_periods; drop function.

set lock_timeout = '500ms';
set statement_timeout = '2s';

create table private.paid_periods (
    invoice_line_id text not null,
    profile_id uuid not null,
    subscription_id uuid not null,
    payment_id uuid not null,
    plan_name text not null,
    quantity integer not null,
    is_proration boolean not null,
    period_start timestamptz not null,
    period_end timestamptz not null,
    months_granted integer not null default 0,
    next_month_at timestamptz,

    constraint paid_periods_pkey primary key (invoice_line_id),
    constraint paid_periods_subscription_id_fkey
    foreign key (subscription_id) references public.subscriptions (id),
    constraint paid_periods_payment_id_fkey
    foreign key (payment_id) references public.payments (id),
    constraint paid_periods_plan_name_fkey
    foreign key (plan_name) references public.plans (plan_name),
    constraint paid_periods_quantity_positive check (quantity > 0),
    constraint paid_periods_is_forward check (period_end > period_start)
);

create index paid_periods_next_month_at_idx on private.paid_periods (next_month_at)
where next_month_at is not null;
create index paid_periods_subscription_id_idx on private.paid_periods (subscription_id);
create index paid_periods_payment_id_idx on private.paid_periods (payment_id);
create index paid_periods_plan_name_idx on private.paid_periods (plan_name);

comment on table private.paid_periods is
'The time a line of a paid invoice paid a plan for. Its credits are granted month by month, a
year''s too.';
comment on column private.paid_periods.profile_id is 'Whose subscription it is.';
comment on column private.paid_periods.quantity is 'How many times the plan was paid.';
comment on column private.paid_periods.months_granted is
'How many of its months have their credits.';
comment on column private.paid_periods.is_proration is
'The rest of a period, after an upgrade.';
comment on column private.paid_periods.next_month_at is
'When the next month''s credits are due; null: all were granted, or it was given up.';

alter table private.paid_periods enable row level security;
