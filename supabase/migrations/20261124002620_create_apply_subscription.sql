-- Purpose: our row of a subscription is what Stripe's is now.
-- Touches: functions private.stripe_instant, private.item_of_subscription,
--          private.apply_subscription.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function.

create function private.stripe_instant(seconds jsonb)
returns timestamptz
language sql
immutable
set search_path = ''
as $$
    select case
        when jsonb_typeof(stripe_instant.seconds) = 'number'
        then to_timestamp((stripe_instant.seconds)::double precision)
    end;
$$;

comment on function private.stripe_instant(jsonb) is
'An instant as Stripe writes it: seconds since 1970; null stays null.';

create function private.item_of_subscription(subscription jsonb)
returns jsonb
language sql
stable
set search_path = ''
as $$
    -- Of several items the one that is a plan of ours; what else is billed along concerns us not.
    select i.item || jsonb_build_object('plan_name', p.item_key)
    from jsonb_array_elements(
        item_of_subscription.subscription #> '{items,data}'
    ) with ordinality as i (item, position)
    left join private.stripe_prices as p
        on p.price_id = i.item #>> '{price,id}'
        and p.item_kind = 'subscription'
    order by p.item_key is null, i.position
    limit 1;
$$;

comment on function private.item_of_subscription(jsonb) is
'The item of a subscription that is one of our plans, with its plan_name; that is null when none
is.';

create function private.apply_subscription(subscription jsonb)
returns text
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_data constant jsonb := apply_subscription.subscription;
    v_id constant text := v_data ->> 'id';
    v_status constant text := v_data ->> 'status';
    v_profile_id constant uuid := private.profile_of_customer(v_data ->> 'customer');
    v_item constant jsonb := private.item_of_subscription(v_data);
    v_period_end constant timestamptz := private.stripe_instant(v_item -> 'current_period_end');
    v_cancel_at constant timestamptz := private.stripe_instant(v_data -> 'cancel_at');
    v_plan_name text := v_item ->> 'plan_name';
    v_row public.subscriptions;
begin
    if v_profile_id is null then
        return private.raise_stripe_alarm(v_id, 'unknown_customer', 'A subscription of nobody.');
    end if;

    perform private.lock_profile(v_profile_id);

    select s.* into v_row
    from public.subscriptions as s
    where s.profile_id = v_profile_id
        and s.stripe_subscription_id = v_id;

    if v_plan_name is null then
        perform private.raise_stripe_alarm(
            v_id, 'unknown_price', 'A subscription to a price that is not ours.'
        );
        if v_row.id is null then
            return 'unknown_price';
        end if;
        -- It still ends, pauses and fails to be paid.
        v_plan_name := v_row.plan_name;
    end if;

    insert into public.subscriptions as s (
        profile_id, plan_name, stripe_subscription_id, quantity, status, is_active, start_date,
        end_date, current_period_start, current_period_end, cancel_at_period_end
    )
    values (
        v_profile_id,
        v_plan_name,
        v_id,
        greatest(coalesce((v_item ->> 'quantity')::integer, 1), 1),
        v_status,
        v_status in ('trialing', 'active')
        and coalesce(jsonb_typeof(v_data -> 'pause_collection'), 'null') = 'null',
        private.stripe_instant(v_data -> 'start_date'),
        coalesce(
            private.stripe_instant(v_data -> 'ended_at'),
            v_cancel_at,
            case when (v_data -> 'cancel_at_period_end')::boolean then v_period_end end
        ),
        private.stripe_instant(v_item -> 'current_period_start'),
        v_period_end,
        -- Newer API versions say when, and not whether.
        coalesce((v_data -> 'cancel_at_period_end')::boolean, false)
        or coalesce(v_cancel_at <= v_period_end, false)
    )
    on conflict on constraint subscriptions_stripe_subscription_id_key do update
    set
        plan_name = excluded.plan_name,
        quantity = excluded.quantity,
        status = excluded.status,
        is_active = excluded.is_active,
        end_date = excluded.end_date,
        current_period_start = excluded.current_period_start,
        current_period_end = excluded.current_period_end,
        cancel_at_period_end = excluded.cancel_at_period_end
    where s.profile_id = excluded.profile_id;

    if v_row.id is null and exists (
        select
        from public.subscriptions as s
        inner join public.plans as p on s.plan_name = p.plan_name
        where s.profile_id = v_profile_id
            and s.stripe_subscription_id <> v_id
            and s.is_active
            and p.plan_family = (
                select o.plan_family from public.plans as o where o.plan_name = v_plan_name
            )
    ) then
        perform private.raise_stripe_alarm(
            v_id, 'second_subscription',
            'The person has an active subscription of this kind already.'
        );
    end if;

    return v_status;
end;
$$;

comment on function private.apply_subscription(jsonb) is
'Applies a subscription as it is now. Credits come with its paid invoices alone.';
