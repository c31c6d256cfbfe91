-- Purpose: what is asked for: a page from before, or something that is sold.
-- Touches: functions private.find_checkout, private.sold_item.
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
    -- Written out, so that who asks is told the words.
    if coalesce(sold_item.item_kind not in ('pack', 'subscription'), true) then
        raise sqlstate 'PT422' using
            message = 'item_kind_unknown',
            detail = 'item_kind is pack or subscription.',
            hint = 'A pack is bought once, a subscription is paid every month or year.';
    end if;

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
'What is for sale under this key, or PT404 item_not_found; PT422 item_kind_unknown; PT503
checkout_not_ready while it has no price at Stripe or there is no page to come back to.';
