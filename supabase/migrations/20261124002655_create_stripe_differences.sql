-- Purpose: what of any object at Stripe is not in our rows as it is there.
-- Touches: functions private.subscription_difference, private.stripe_difference.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function.

create function private.subscription_difference(subscription jsonb)
returns text
language sql
stable
set search_path = ''
as $$
    select case
        when not exists (
            select
            from public.subscriptions as s
            where s.stripe_subscription_id = subscription_difference.subscription ->> 'id'
                and s.status = subscription_difference.subscription ->> 'status'
                and s.is_active = (
                    s.status in ('trialing', 'active')
                    and coalesce(jsonb_typeof(
                        subscription_difference.subscription -> 'pause_collection'
                    ), 'null') = 'null'
                )
                and s.current_period_end = private.stripe_instant(i.item -> 'current_period_end')
                and s.plan_name = coalesce(i.item ->> 'plan_name', s.plan_name)
                and s.quantity = greatest(coalesce((i.item ->> 'quantity')::integer, 1), 1)
                and s.end_date is not distinct from coalesce(
                    private.stripe_instant(subscription_difference.subscription -> 'ended_at'),
                    private.stripe_instant(subscription_difference.subscription -> 'cancel_at'),
                    case
                        when (
                            subscription_difference.subscription -> 'cancel_at_period_end'
                        )::boolean
                        then private.stripe_instant(i.item -> 'current_period_end')
                    end
                )
        ) then 'subscription_differs'
    end
    from private.item_of_subscription(subscription_difference.subscription) as i (item);
$$;

comment on function private.subscription_difference(jsonb) is
'Whether a subscription is in our rows as it is at Stripe; null when it is.';

create function private.stripe_difference(object jsonb)
returns text
language sql
stable
set search_path = ''
as $$
    select case stripe_difference.object ->> 'object'
        when 'event' then case
            when not exists (
                select
                from private.stripe_events as e
                where e.event_id = stripe_difference.object ->> 'id'
            ) then 'event_missing'
        end
        when 'checkout.session' then private.session_difference(stripe_difference.object)
        when 'subscription' then private.subscription_difference(stripe_difference.object)
        when 'invoice' then case
            when stripe_difference.object ->> 'status' = 'paid'
                and stripe_difference.object
                    #>> '{parent,subscription_details,subscription}' is not null
                and (
                    (stripe_difference.object ->> 'amount_paid')::bigint > 0
                    or exists (select from private.paid_lines(stripe_difference.object) as l)
                )
                and not exists (
                    select
                    from public.payments as p
                    where p.stripe_payment_id = stripe_difference.object ->> 'id'
                ) then 'payment_missing'
        end
        when 'refund' then case stripe_difference.object ->> 'status'
            when 'requires_action' then null
            when 'failed' then private.reversal_difference(stripe_difference.object, '{undone}')
            when 'canceled' then private.reversal_difference(stripe_difference.object, '{undone}')
            else private.reversal_difference(stripe_difference.object, '{taken}')
        end
        when 'dispute' then case
            when stripe_difference.object ->> 'status' in ('won', 'warning_closed', 'prevented')
                then private.reversal_difference(stripe_difference.object, '{won}')
            when stripe_difference.object ->> 'status' = 'lost'
                or stripe_difference.object ->> 'status' like 'appeal%'
                then private.reversal_difference(stripe_difference.object, '{lost}')
            -- One that is closed here and open there: its closing came first.
            else private.reversal_difference(stripe_difference.object, '{open,won,lost}')
        end
    end;
$$;

comment on function private.stripe_difference(jsonb) is
'What of an object of Stripe is not in our rows; null when all is.';
