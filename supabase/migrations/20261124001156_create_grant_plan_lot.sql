-- Purpose: the lot of a plan, and those that a new month ends.
-- Touches: functions private.end_carried_lots, private.grant_plan_lot.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function.

create function private.end_carried_lots(
    profile_id uuid,
    subscription_id uuid,
    month_end timestamptz
)
returns void
language sql
volatile
set search_path = ''
as $$
    -- Months differ in length, by three days at most: a lot that is due to end at about this time
    -- was carried into this month. Others, frozen or refunded ones for example, keep their time.
    update public.credit_lots as l
    set expires_at = end_carried_lots.month_end
    where l.profile_id = end_carried_lots.profile_id
        and l.subscription_id = end_carried_lots.subscription_id
        and l.grant_key like '%:carried'
        and l.exhausted_at is null
        and l.frozen_at is null
        and l.expires_at > now()
        and l.expires_at between end_carried_lots.month_end - interval '4 days'
        and end_carried_lots.month_end + interval '4 days';
$$;

comment on function private.end_carried_lots(uuid, uuid, timestamptz) is
'Lets what was carried into a month end with it.';

create function private.grant_plan_lot(
    subscription public.subscriptions,
    grant_key text,
    credits bigint,
    expires_at timestamptz,
    payment_id uuid
)
returns void
language sql
volatile
set search_path = ''
as $$
    -- Priority 50: before what was bought for good.
    select private.grant_credits(
        (grant_plan_lot.subscription).profile_id,
        grant_plan_lot.credits,
        'subscription',
        format(
            'subscription:%s:%s', (grant_plan_lot.subscription).id, grant_plan_lot.grant_key
        ),
        grant_plan_lot.expires_at,
        50,
        grant_plan_lot.payment_id,
        (grant_plan_lot.subscription).id
    );
$$;

comment on function private.grant_plan_lot(public.subscriptions, text, bigint, timestamptz, uuid) is
'Grants one lot of a plan''s month.';
