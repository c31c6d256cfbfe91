-- Purpose: RPC start_checkout: ask for a page where a pack or a plan is paid.
-- Touches: functions private.start_checkout_for, private.start_checkout, public.start_checkout.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function.

create function private.start_checkout_for(
    profile_id uuid,
    item_kind text,
    item_key text,
    idempotency_key uuid,
    quantity integer
)
returns public.checkouts
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_profile_id constant uuid := start_checkout_for.profile_id;
    v_quantity constant integer := coalesce(start_checkout_for.quantity, 1);
    v_checkout public.checkouts;
    v_item private.catalog;
    v_pack public.credit_packs;
begin
    perform private.lock_person(v_profile_id);
    v_checkout := private.find_checkout(
        v_profile_id, start_checkout_for.idempotency_key, start_checkout_for.item_kind,
        start_checkout_for.item_key, v_quantity
    );

    if v_checkout.id is not null then
        return v_checkout;
    end if;

    v_item := private.sold_item(start_checkout_for.item_kind, start_checkout_for.item_key);

    select p.* into v_pack
    from public.credit_packs as p
    where v_item.item_kind = 'pack'
        and p.pack_key = v_item.item_key;

    if v_quantity not between 1 and coalesce(v_pack.max_quantity, 1) then
        raise sqlstate 'PT422' using
            message = 'quantity_out_of_range',
            detail = format('From 1 to %s may be bought at once.',
                coalesce(v_pack.max_quantity, 1)),
            hint = 'Ask for fewer.';
    end if;

    -- The page that is open already does: whoever lost its address finds it again.
    select c.* into v_checkout
    from public.checkouts as c
    where c.profile_id = v_profile_id
        and (c.item_kind, c.item_key, c.quantity)
        = (v_item.item_kind, v_item.item_key, v_quantity)
        and c.status in ('requested', 'open')
        and (c.expires_at is null or c.expires_at > now())
    order by c.id desc
    limit 1;

    if found then
        return v_checkout;
    end if;

    if v_item.item_kind = 'subscription' then
        perform private.check_no_subscription(v_profile_id, v_item.item_key);
    end if;

    return private.open_checkout(
        v_profile_id, v_item.item_kind, v_item.item_key, v_quantity, v_pack.credits,
        start_checkout_for.idempotency_key
    );
end;
$$;

comment on function private.start_checkout_for(uuid, text, text, uuid, integer) is
'The rule behind public.start_checkout, for this person.';

create function private.start_checkout(
    item_kind text,
    item_key text,
    idempotency_key uuid,
    quantity integer
)
returns public.checkouts
language plpgsql
volatile
-- security definer because only rules may write: the caller holds no grant on any of these tables
security definer
set search_path = ''
as $$
begin
    return private.start_checkout_for(
        auth.uid(),
        start_checkout.item_kind,
        start_checkout.item_key,
        start_checkout.idempotency_key,
        start_checkout.quantity
    );
end;
$$;

comment on function private.start_checkout(text, text, uuid, integer) is
'public.start_checkout for whoever calls.';
grant execute on function private.start_checkout(text, text, uuid, integer) to authenticated;

create function public.start_checkout(
    item_kind text,
    item_key text,
    idempotency_key uuid,
    quantity integer default 1
)
returns public.checkouts
language sql
volatile
security invoker
set search_path = ''
as $$
    select private.start_checkout(
        start_checkout.item_kind, start_checkout.item_key, start_checkout.idempotency_key,
        start_checkout.quantity
    );
$$;

comment on function public.start_checkout(text, text, uuid, integer) is
'Ask for a page where a pack or a subscription is paid.

For signed-in people. item_kind is pack or subscription, item_key a key of credit_packs or plans.
Returns the checkout: its url is there once status is open; poll the row. The same idempotency_key
returns the same checkout, and so does an item whose page is still open. Where the page leads back
to is the operator''s setting. Refuses with PT404 item_not_found; PT409 already_subscribed,
checkout_open, idempotency_conflict; PT422 item_kind_unknown, quantity_out_of_range; 429
too_many_checkouts, with Retry-After; PT503 checkout_not_ready.';
grant execute on function public.start_checkout(text, text, uuid, integer) to authenticated;
