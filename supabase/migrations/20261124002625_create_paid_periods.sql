-- Purpose: the time that invoices paid a plan for, and its credits month by month.
-- Touches: table private.paid_periods, functions private.add_months, private.grant_paid_months,
--          private.grant_due_months.
-- Locks:   share row exclusive on public.subscriptions, public.payments, public.plans, for an
--          instant.
-- Rollout: pre.
-- Undo:    drop table private.paid_periods; drop function.

set lock_timeout = '500ms';
set statement_timeout = '2s';

create table private.paid_periods (
    invoice_line_id text not null,
    subscription_id uuid not null,
    payment_id uuid not null,
    plan_name text not null,
    quantity integer not null,
    is_rest boolean not null,
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
comment on column private.paid_periods.quantity is 'How many times the plan was paid.';
comment on column private.paid_periods.months_granted is
'How many of its months have their credits.';
comment on column private.paid_periods.is_rest is
'The rest of a period, after an upgrade.';
comment on column private.paid_periods.next_month_at is
'When the next month''s credits are due; null: all were granted, or it was given up.';

alter table private.paid_periods enable row level security;

create function private.add_months(instant timestamptz, months integer)
returns timestamptz
language sql
immutable
set search_path = ''
as $$
    -- In UTC, whatever the session's time zone is.
    select (
        (add_months.instant at time zone 'utc') + make_interval(months => add_months.months)
    ) at time zone 'utc';
$$;

comment on function private.add_months(timestamptz, integer) is
'The same day and time so many months later, or the last day of that month; in UTC.';

create function private.grant_paid_months(invoice_line_id text)
returns bigint
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_period private.paid_periods;
    v_is_yearly boolean;
    v_start timestamptz;
    v_end timestamptz;
    v_length interval;
    v_granted bigint := 0;
begin
    select p.* into v_period
    from private.paid_periods as p
    where p.invoice_line_id = grant_paid_months.invoice_line_id;

    perform private.lock_profiles(array(
        select s.profile_id
        from public.subscriptions as s
        where s.id = v_period.subscription_id
    ));

    -- Again, now that nobody else grants.
    select p.* into v_period
    from private.paid_periods as p
    where p.invoice_line_id = grant_paid_months.invoice_line_id;

    select l.billing_interval = 'year' into v_is_yearly
    from public.plans as l
    where l.plan_name = v_period.plan_name;

    -- The first month is there as soon as it is paid, whatever the clocks say.
    while v_period.next_month_at <= now() or v_period.months_granted = 0 loop
        v_start := v_period.next_month_at;

        -- Who has ended it is given no further month.
        exit when v_period.months_granted > 0 and exists (
            select
            from public.subscriptions as s
            where s.id = v_period.subscription_id
                and s.status = 'canceled'
                and s.end_date <= v_start
        );

        if v_is_yearly then
            v_end := private.add_months(v_period.period_start, v_period.months_granted + 1);
            v_length := v_end - v_start;
        else
            v_end := v_period.period_end;
            -- The rest of a month earns its part of that month.
            v_length := v_end - coalesce((
                select min(b.period_start)
                from private.paid_periods as b
                where v_period.is_rest
                    and b.subscription_id = v_period.subscription_id
                    and b.period_end = v_period.period_end
                    and not b.is_rest
            ), v_start);
        end if;
        v_end := least(v_end, v_period.period_end);

        v_granted := v_granted + case
            when v_period.is_rest or v_period.months_granted > 0 then private.grant_month(
                v_period.subscription_id,
                format('%s:%s', v_period.invoice_line_id, v_period.months_granted),
                v_start,
                v_end,
                v_length,
                v_period.plan_name,
                v_period.quantity,
                v_period.payment_id
            )
            else private.grant_period(
                v_period.subscription_id, v_start, v_end, v_period.payment_id,
                v_period.plan_name, v_period.quantity
            )
        end;

        v_period.months_granted := v_period.months_granted + 1;
        v_period.next_month_at := case when v_end < v_period.period_end then v_end end;
    end loop;

    update private.paid_periods as p
    set
        months_granted = v_period.months_granted,
        next_month_at = case when v_period.next_month_at > now() then v_period.next_month_at end
    where p.invoice_line_id = v_period.invoice_line_id;

    return v_granted;
end;
$$;

comment on function private.grant_paid_months(text) is
'Grants the months of a paid period that have begun. Returns the credits granted now.';

create function private.grant_due_months(max_periods integer)
returns integer
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_due record;
    v_periods integer := 0;
begin
    -- Somebody who is busy is left for the next sweep.
    for v_due in
        select
            d.invoice_line_id,
            p.id
        from public.profiles as p
        inner join public.subscriptions as s on p.id = s.profile_id
        inner join private.paid_periods as d on s.id = d.subscription_id
        where d.invoice_line_id = any(array(
            select q.invoice_line_id
            from private.paid_periods as q
            where q.next_month_at <= now()
            order by q.next_month_at
            limit grant_due_months.max_periods
        ))
        order by p.id, d.period_start
        for no key update of p skip locked
    loop
        perform private.grant_paid_months(v_due.invoice_line_id);
        v_periods := v_periods + 1;
    end loop;

    return v_periods;
end;
$$;

comment on function private.grant_due_months(integer) is
'Grants the months of yearly plans that have begun. Returns for how many paid periods.';
