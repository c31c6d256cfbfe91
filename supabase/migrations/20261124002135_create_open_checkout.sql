-- Purpose: what has to be true before a page of Stripe is asked for, and the intent.
-- Touches: functions private.check_checkout_rate, private.check_no_subscription,
--          private.open_checkout.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function.

create function private.check_checkout_rate(profile_id uuid)
returns void
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_max integer;
    v_oldest timestamptz;
begin
    select s.max_checkouts_per_hour into v_max
    from private.settings as s;

    select c.created_at into v_oldest
    from public.checkouts as c
    where c.profile_id = check_checkout_rate.profile_id
        and c.id >= private.uuid_v7_floor(now() - interval '1 hour')
    order by c.id desc
    offset v_max - 1
    limit 1;

    if found then
        perform private.refuse_for_now(
            'too_many_checkouts',
            'More pages were asked for than may be within an hour.',
            'Use a page that is open already: read checkouts.',
            ceil(extract(epoch from v_oldest + interval '1 hour' - now()))::integer
        );
    end if;
end;
$$;

comment on function private.check_checkout_rate(uuid) is
'Refuses with 429 too_many_checkouts. The caller holds the profile''s lock.';

create function private.check_no_subscription(profile_id uuid, plan_name text)
returns void
language plpgsql
stable
set search_path = ''
as $$
declare
    v_family constant text[] := array(
        select p.plan_name
        from public.plans as p
        inner join public.plans as o on p.plan_family = o.plan_family
        where o.plan_name = check_no_subscription.plan_name
    );
begin
    if exists (
        select
        from public.subscriptions as s
        where s.profile_id = check_no_subscription.profile_id
            and s.plan_name = any(v_family)
            and s.status not in ('canceled', 'incomplete_expired')
    ) then
        raise sqlstate 'PT409' using
            message = 'already_subscribed',
            detail = 'There is a subscription to a plan of this kind.',
            hint = 'Change it in the customer portal: start_portal';
    end if;

    -- Two pages open at once could both be paid.
    if exists (
        select
        from public.checkouts as c
        where c.profile_id = check_no_subscription.profile_id
            and c.item_kind = 'subscription'
            and c.item_key = any(v_family)
            and c.finished_at is null
    ) then
        raise sqlstate 'PT409' using
            message = 'checkout_open',
            detail = 'A page for another plan of this kind is open.',
            hint = 'Finish it, or wait until it expires: read checkouts.';
    end if;
end;
$$;

comment on function private.check_no_subscription(uuid, text) is
'Refuses with PT409 already_subscribed, checkout_open. The caller holds the profile''s lock.';

create function private.open_checkout(
    profile_id uuid,
    item_kind text,
    item_key text,
    quantity integer,
    credits bigint,
    idempotency_key uuid
)
returns public.checkouts
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_checkout public.checkouts;
begin
    perform private.check_checkout_rate(open_checkout.profile_id);

    insert into public.checkouts (
        profile_id, item_kind, item_key, quantity, credits, idempotency_key
    )
    values (
        open_checkout.profile_id, open_checkout.item_kind, open_checkout.item_key,
        open_checkout.quantity, open_checkout.credits, open_checkout.idempotency_key
    )
    returning * into v_checkout;

    insert into private.jobs (kind, checkout_id, profile_id)
    values (
        case
            when exists (
                select
                from private.stripe_customers as c
                where c.profile_id = open_checkout.profile_id
                    and c.is_current
            ) then 'checkout'
            else 'customer'
        end,
        v_checkout.id,
        v_checkout.profile_id
    );

    perform private.wake_worker();
    return v_checkout;
end;
$$;

comment on function private.open_checkout(uuid, text, text, integer, bigint, uuid) is
'Writes the intent and its job: the person''s customer at Stripe first, if there is none yet.';
