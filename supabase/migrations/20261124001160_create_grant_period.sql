-- Purpose: the credits of one paid month of a plan, with what may be carried over.
-- Touches: function private.grant_period.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function.

create function private.grant_period(
    subscription_id uuid,
    period_start timestamptz,
    period_end timestamptz,
    payment_id uuid default null
)
returns bigint
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_subscription public.subscriptions;
    v_plan public.plans;
    v_carried bigint;
    v_key constant text := format(
        'subscription:%s:%s',
        grant_period.subscription_id,
        to_char(grant_period.period_start at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
    );
    v_granted bigint := 0;
    v_part record;
begin
    select s.* into v_subscription
    from public.subscriptions as s
    where s.id = grant_period.subscription_id;

    perform private.lock_profiles(array[v_subscription.profile_id]);

    -- Asked for both parts: the plan, and so the parts, may be others by now.
    if exists (
        select
        from public.credit_lots as l
        where l.grant_key in (v_key || ':rest', v_key || ':carried')
    ) then
        return 0;
    end if;

    -- Months differ in length, by three days at most: what was carried into this one ends with it.
    update public.credit_lots as l
    set expires_at = grant_period.period_end
    where l.subscription_id = v_subscription.id
        and l.grant_key like '%:carried'
        and l.exhausted_at is null
        and l.frozen_at is null
        and l.expires_at > now()
        and l.expires_at between grant_period.period_end - interval '4 days'
        and grant_period.period_end + interval '4 days';

    select p.* into v_plan
    from public.plans as p
    where p.plan_name = v_subscription.plan_name;

    v_carried := case v_plan.rollover
        when 'none' then 0
        when 'capped' then least(v_plan.rollover_cap, v_plan.credits_per_month)
        else v_plan.credits_per_month
    end;

    -- Rollover needs nobody to be awake when the month ends: what may be carried over is a lot of
    -- its own that lives longer and, by its expiry, burns after all that does not. So what is left
    -- of it is the smaller of the cap and of all that was left.
    for v_part in
        select *
        from (
            values
            (
                'rest', v_plan.credits_per_month - v_carried, grant_period.period_end
            ),
            (
                'carried', v_carried,
                case
                    when v_plan.rollover = 'capped'
                        then grant_period.period_end
                            + (grant_period.period_end - grant_period.period_start)
                end
            )
        ) as parts (name, credits, expires_at)
    loop
        if private.grant_credits(
            v_subscription.profile_id,
            v_part.credits,
            'subscription',
            v_key || ':' || v_part.name,
            v_part.expires_at,
            -- Before what was bought for good.
            50,
            grant_period.payment_id,
            v_subscription.id
        ) then
            v_granted := v_granted + v_part.credits;
        end if;
    end loop;

    if v_granted > 0 then
        update public.subscriptions as s
        set next_grant_at = greatest(s.next_grant_at, grant_period.period_end)
        where s.id = v_subscription.id;
    end if;

    if v_granted > 0 and grant_period.payment_id is not null then
        update public.payments as p
        set credits_added = p.credits_added + v_granted
        where p.id = grant_period.payment_id;

        perform private.settle_payment(grant_period.payment_id, v_key);
    end if;

    return v_granted;
end;
$$;

comment on function private.grant_period(uuid, timestamptz, timestamptz, uuid) is
'Grants the credits of one month of a subscription''s plan, once per (subscription, period_start).
Returns the credits granted; zero when that was done before.

Unused credits are gone at period_end (rollover none), live one more period up to the cap (capped),
or stay (all).';
