-- Purpose: the months of a paid period, one after the other.
-- Touches: functions private.add_months, private.grant_paid_months, private.grant_due_months.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function.

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

create function private.grant_paid_months(profile_id uuid, invoice_line_id text)
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
    perform private.lock_profile(grant_paid_months.profile_id);

    -- Read now that nobody else grants.
    select p.* into v_period
    from private.paid_periods as p
    where p.profile_id = grant_paid_months.profile_id
        and p.invoice_line_id = grant_paid_months.invoice_line_id;

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
            where s.profile_id = v_period.profile_id
                and s.id = v_period.subscription_id
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
                where v_period.is_proration
                    and b.profile_id = v_period.profile_id
                    and b.subscription_id = v_period.subscription_id
                    and b.period_end = v_period.period_end
                    and not b.is_proration
            ), v_start);
        end if;
        v_end := least(v_end, v_period.period_end);

        v_granted := v_granted + case
            when v_period.is_proration or v_period.months_granted > 0 then private.grant_month(
                v_period.profile_id,
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
                v_period.profile_id, v_period.subscription_id, v_start, v_end,
                v_period.payment_id, v_period.plan_name, v_period.quantity
            )
        end;

        v_period.months_granted := v_period.months_granted + 1;
        v_period.next_month_at := case when v_end < v_period.period_end then v_end end;
    end loop;

    if v_period.next_month_at <= now() then
        v_period.next_month_at := null;
    end if;

    update private.paid_periods as p
    set
        months_granted = v_period.months_granted,
        next_month_at = v_period.next_month_at
    where p.profile_id = v_period.profile_id
        and p.invoice_line_id = v_period.invoice_line_id;

    return v_granted;
end;
$$;

comment on function private.grant_paid_months(uuid, text) is
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
    -- Read without a lock, then locked one by one, in id order.
    for v_due in
        select
            d.profile_id,
            d.invoice_line_id
        from (
            select
                q.profile_id,
                q.invoice_line_id,
                q.period_start
            from private.paid_periods as q
            where q.next_month_at <= now()
            order by q.next_month_at
            limit grant_due_months.max_periods
        ) as d
        order by d.profile_id, d.period_start
    loop
        -- Somebody who is busy is left for the next sweep.
        perform
        from public.profiles as p
        where p.id = v_due.profile_id
        for no key update skip locked;

        if found then
            perform private.grant_paid_months(v_due.profile_id, v_due.invoice_line_id);
            v_periods := v_periods + 1;
        end if;
    end loop;

    return v_periods;
end;
$$;

comment on function private.grant_due_months(integer) is
'Grants the months of yearly plans that have begun. Returns for how many paid periods.';
