-- Purpose: what is for sale, with its price at Stripe.
-- Touches: view private.catalog, function private.link_stripe_price.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function; drop view private.catalog.

create view private.catalog
with (security_invoker = true)
as
select
    i.item_kind,
    i.item_key,
    case i.item_kind when 'pack' then 'pack_' else 'plan_' end || i.item_key as lookup_key,
    'thumbsmith_' || case i.item_kind when 'pack' then 'pack_' else 'plan_' end || i.item_key
        as product_id,
    i.title,
    i.description,
    i.amount,
    i.currency,
    i.billing_interval,
    i.is_enabled,
    p.price_id
from (
    select
        'pack' as item_kind,
        c.pack_key as item_key,
        c.title,
        c.description,
        c.price_amount as amount,
        c.currency,
        null as billing_interval,
        c.is_enabled
    from public.credit_packs as c

    union all

    select
        'subscription' as item_kind,
        l.plan_name as item_key,
        l.title,
        l.description,
        l.price_amount as amount,
        l.currency,
        l.billing_interval,
        l.is_enabled
    from public.plans as l
) as i
left join private.stripe_prices as p
    on
        i.item_kind = p.item_kind
        and i.item_key = p.item_key
        and p.is_current
        -- A price that was changed here sells nothing until Stripe has the new one.
        and i.amount = p.amount
        and i.currency = p.currency
        and i.billing_interval is not distinct from p.billing_interval;

comment on view private.catalog is
'All that is sold, and its price at Stripe: null until `thumbsmith catalog push` has made one.';
comment on column private.catalog.lookup_key is 'The lookup key of its price at Stripe.';
comment on column private.catalog.product_id is 'The id of its product at Stripe.';

create function private.link_stripe_price(
    item_kind text,
    item_key text,
    price_id text,
    product_id text,
    amount bigint,
    currency text,
    billing_interval text
)
returns boolean
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_item private.catalog;
begin
    -- Whoever links first lets the next one see it.
    perform pg_advisory_xact_lock(hashtext('thumbsmith.link_stripe_price'));

    select c.* into v_item
    from private.catalog as c
    where c.item_kind = link_stripe_price.item_kind
        and c.item_key = link_stripe_price.item_key;

    if not found then
        raise sqlstate 'PT404' using
            message = 'item_not_found',
            detail = 'There is no such pack or plan.',
            hint = 'Read private.catalog for what there is.';
    end if;

    if (v_item.amount, v_item.currency, v_item.billing_interval) is distinct from (
        link_stripe_price.amount, link_stripe_price.currency, link_stripe_price.billing_interval
    ) then
        raise sqlstate 'PT409' using
            message = 'price_differs',
            detail = format('%s costs %s %s here.', v_item.item_key, v_item.amount,
                v_item.currency),
            hint = 'Make a price that is the catalogue''s: thumbsmith catalog push';
    end if;

    if v_item.price_id = link_stripe_price.price_id then
        return false;
    end if;

    update private.stripe_prices as p
    set is_current = false
    where p.item_kind = link_stripe_price.item_kind
        and p.item_key = link_stripe_price.item_key
        and p.is_current;

    insert into private.stripe_prices as p (
        price_id, item_kind, item_key, product_id, amount, currency, billing_interval
    )
    values (
        link_stripe_price.price_id, link_stripe_price.item_kind, link_stripe_price.item_key,
        link_stripe_price.product_id, link_stripe_price.amount, link_stripe_price.currency,
        link_stripe_price.billing_interval
    )
    -- An old price may become current again; what it sells never changes.
    on conflict on constraint stripe_prices_pkey do update
    set is_current = true
    where (p.item_kind, p.item_key) = (excluded.item_kind, excluded.item_key);

    if not found then
        raise sqlstate 'PT409' using
            message = 'price_sells_something_else',
            detail = format('%s is the price of another pack or plan.',
                link_stripe_price.price_id),
            hint = 'Make a price of its own for each item.';
    end if;

    return true;
end;
$$;

comment on function private.link_stripe_price(text, text, text, text, bigint, text, text) is
'Makes a price at Stripe the one that new Checkouts of an item use. True when that changes
something. Refuses with PT404 item_not_found; PT409 price_differs when it is not what the
catalogue says, price_sells_something_else.';
