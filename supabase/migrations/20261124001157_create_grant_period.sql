-- Purpose: the credits of one month of a plan.
-- Touches: functions private.grant_month, private.grant_period.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function.

create function private.grant_month(
    profile_id uuid,
    subscription_id uuid,
    month_key text,
    month_start timestamptz,
    month_end timestamptz,
    month_length interval,
    plan_name text,
    quantity integer,
    payment_id uuid
)
returns bigint
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_subscription public.subscriptions;
    v_plan public.plans;
    v_credits bigint;
    v_earned numeric;
    v_granted bigint;
    v_carried bigint;
begin
    select s.* into v_subscription
    from public.subscriptions as s
    where s.profile_id = grant_month.profile_id
        and s.id = grant_month.subscription_id;

    perform private.lock_profile(v_subscription.profile_id);

    select p.* into v_plan
    from public.plans as p
    where p.plan_name = coalesce(grant_month.plan_name, v_subscription.plan_name);

    v_credits := v_plan.credits_per_month * coalesce(
        grant_month.quantity, v_subscription.quantity
    );

    if coalesce(v_credits, 0) = 0 or exists (
        select
        from private.subscription_months as m
        where m.profile_id = grant_month.profile_id
            and m.subscription_id = grant_month.subscription_id
            and m.month_key = grant_month.month_key
    ) then
        return 0;
    end if;

    v_earned := private.unearned_credits(
        v_subscription.profile_id, v_subscription.id, grant_month.month_start,
        grant_month.month_end, v_credits, grant_month.month_length
    );

    -- Rounded down over all months together, so that their order does not matter; the tiny bit more
    -- makes up for fractions that were cut.
    select floor(coalesce(sum(m.earned), 0) + v_earned + 0.000001) - coalesce(sum(m.granted), 0)
    into v_granted
    from private.subscription_months as m
    where m.profile_id = v_subscription.profile_id
        and m.subscription_id = v_subscription.id;

    insert into private.subscription_months (
        profile_id, subscription_id, month_key, month_start, month_end, credits, earned, granted
    )
    values (
        v_subscription.profile_id, v_subscription.id, grant_month.month_key,
        grant_month.month_start,
        grant_month.month_end, v_credits, v_earned, v_granted
    );

    perform private.end_carried_lots(
        v_subscription.profile_id, v_subscription.id, grant_month.month_end
    );

    -- Rollover needs nobody to be awake when the month ends: what may be carried over is a lot of
    -- its own that lives longer and, by its expiry, burns after all that does not. So what is left
    -- of it is the smaller of the cap and of all that was left.
    v_carried := case v_plan.rollover
        when 'none' then 0
        when 'capped' then least(v_plan.rollover_cap, v_granted)
        else v_granted
    end;
    perform private.grant_plan_lot(
        v_subscription, grant_month.month_key || ':proration', v_granted - v_carried,
        grant_month.month_end, grant_month.payment_id
    );
    perform private.grant_plan_lot(
        v_subscription, grant_month.month_key || ':carried', v_carried,
        case
            when v_plan.rollover = 'capped' then grant_month.month_end + grant_month.month_length
        end,
        grant_month.payment_id
    );

    update public.subscriptions as s
    set next_grant_at = greatest(s.next_grant_at, grant_month.month_end)
    where s.profile_id = v_subscription.profile_id
        and s.id = v_subscription.id;

    if grant_month.payment_id is not null then
        update public.payments as p
        set credits_added = p.credits_added + v_granted
        where p.profile_id = v_subscription.profile_id
            and p.id = grant_month.payment_id;

        perform private.settle_payment(
            v_subscription.profile_id, grant_month.payment_id,
            format('month:%s', grant_month.month_key)
        );
    end if;

    return v_granted;
end;
$$;

comment on function private.grant_month(
    uuid, uuid, text, timestamptz, timestamptz, interval, text, integer, uuid
) is
'Grants what a month of a plan, or the rest of one, has not earned yet, once per month_key. Returns
the credits granted.

A shorter time than month_length gives its part of a month''s credits. Unused credits are gone at
month_end (rollover none), live one more month up to the cap (capped), or stay (all).';

create function private.grant_period(
    profile_id uuid,
    subscription_id uuid,
    period_start timestamptz,
    period_end timestamptz,
    payment_id uuid default null,
    plan_name text default null,
    quantity integer default null
)
returns bigint
language sql
volatile
set search_path = ''
as $$
    select private.grant_month(
        grant_period.profile_id,
        grant_period.subscription_id,
        to_char(grant_period.period_start at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
        grant_period.period_start,
        grant_period.period_end,
        grant_period.period_end - grant_period.period_start,
        grant_period.plan_name,
        grant_period.quantity,
        grant_period.payment_id
    );
$$;

comment on function private.grant_period(
    uuid, uuid, timestamptz, timestamptz, uuid, text, integer
) is
'Grants the credits of one whole month of a subscription, once per (subscription, period_start).
Without plan_name and quantity they are the subscription''s own. Returns the credits granted.';
