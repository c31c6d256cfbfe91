-- Purpose: what has to be true before a page of Stripe is asked for.
-- Touches: functions private.find_checkout, private.sold_item, private.check_checkout_rate,
--          private.check_no_subscription, private.open_checkout.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function.

create function private.find_checkout(
    profile_id uuid,
    idempotency_key uuid,
    item_kind text,
    item_key text,
    quantity integer
)
returns public.checkouts
language plpgsql
stable
set search_path = ''
as $$
declare
    v_checkout public.checkouts;
begin
    perform private.require_idempotency_key(find_checkout.idempotency_key);

    select c.* into v_checkout
    from public.checkouts as c
    where c.profile_id = find_checkout.profile_id
        and c.idempotency_key = find_checkout.idempotency_key;

    if found
        and (v_checkout.item_kind, v_checkout.item_key, v_checkout.quantity)
        is distinct from
        (find_checkout.item_kind, find_checkout.item_key, find_checkout.quantity)
    then
        perform private.refuse_reused_key();
    end if;

    return v_checkout;
end;
$$;

comment on function private.find_checkout(uuid, uuid, text, text, integer) is
'The checkout that this request made before, or null. PT409 idempotency_conflict when the key made
another one; PT400 idempotency_key_required.';

create function private.sold_item(item_kind text, item_key text)
returns private.catalog
language plpgsql
stable
set search_path = ''
as $$
declare
    v_item private.catalog;
begin
    select c.* into v_item
    from private.catalog as c
    where c.item_kind = sold_item.item_kind
        and c.item_key = sold_item.item_key
        and c.is_enabled;

    if not found then
        raise sqlstate 'PT404' using
            message = 'item_not_found',
            detail = 'There is no such pack or plan.',
            hint = 'Read credit_packs and plans for what there is.';
    end if;

    if v_item.price_id is null or exists (
        select
        from private.settings as s
        where s.checkout_success_url is null
    ) then
        raise sqlstate 'PT503' using
            message = 'checkout_not_ready',
            detail = 'This cannot be bought yet.',
            hint = 'The operator has to run: thumbsmith catalog push, and to set the addresses.';
    end if;

    return v_item;
end;
$$;

comment on function private.sold_item(text, text) is
'What is for sale under this key, or PT404 item_not_found; PT503 checkout_not_ready while it has no
price at Stripe or there is no page to come back to.';

create function private.check_checkout_rate(profile_id uuid)
returns void
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_oldest timestamptz;
begin
    select c.created_at into v_oldest
    from public.checkouts as c
    where c.profile_id = check_checkout_rate.profile_id
        and c.id >= private.uuid_v7_floor(now() - interval '1 hour')
    order by c.id desc
    offset (select s.checkouts_per_hour_max - 1 from private.settings as s)
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
    v_family constant text := (
        select p.plan_family
        from public.plans as p
        where p.plan_name = check_no_subscription.plan_name
    );
begin
    if exists (
        select
        from public.subscriptions as s
        inner join public.plans as p on s.plan_name = p.plan_name
        where s.profile_id = check_no_subscription.profile_id
            and p.plan_family = v_family
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
        inner join public.plans as p on c.item_key = p.plan_name
        where c.profile_id = check_no_subscription.profile_id
            and c.item_kind = 'subscription'
            and p.plan_family = v_family
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

    insert into private.outbox (kind, checkout_id)
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
        v_checkout.id
    );

    perform private.wake_worker();
    return v_checkout;
end;
$$;

comment on function private.open_checkout(uuid, text, text, integer, bigint, uuid) is
'Writes the intent and its job: the person''s customer at Stripe first, if there is none yet.';
