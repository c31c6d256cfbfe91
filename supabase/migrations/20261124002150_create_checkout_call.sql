-- Purpose: the call of Stripe's API that makes a page, word by word.
-- Touches: functions private.session_call, private.checkout_call.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function.

create function private.session_call(checkout public.checkouts)
returns jsonb
language sql
stable
set search_path = ''
as $$
    select jsonb_build_object(
        'call', 'checkout.sessions.create',
        'params', jsonb_build_object(
            'mode', m.mode,
            'customer', m.customer_id,
            'client_reference_id', m.id,
            'metadata', m.names,
            -- A session's metadata is not copied to what it makes.
            m.mode_data, jsonb_build_object('metadata', m.names),
            'line_items', jsonb_build_array(
                jsonb_build_object('price', m.price_id, 'quantity', m.quantity)
            ),
            'success_url', m.checkout_success_url,
            'cancel_url', m.checkout_cancel_url
        )
    )
    from (
        select
            c.customer_id,
            p.price_id,
            (session_call.checkout).id::text as id,
            (session_call.checkout).quantity,
            jsonb_build_object(
                'checkout_id', (session_call.checkout).id,
                'profile_id', (session_call.checkout).profile_id
            ) as names,
            case (session_call.checkout).item_kind
                when 'pack' then 'payment' else 'subscription'
            end as mode,
            case (session_call.checkout).item_kind
                when 'pack' then 'payment_intent_data' else 'subscription_data'
            end as mode_data,
            s.checkout_success_url,
            coalesce(s.checkout_cancel_url, s.checkout_success_url) as checkout_cancel_url
        from private.settings as s
        inner join private.stripe_customers as c
            on c.profile_id = (session_call.checkout).profile_id
            and c.is_current
        inner join private.stripe_prices as p
            on p.item_kind = (session_call.checkout).item_kind
            and p.item_key = (session_call.checkout).item_key
            and p.is_current
    ) as m;
$$;

comment on function private.session_call(public.checkouts) is
'The call that makes the Checkout session of a pack or a subscription.';

create function private.checkout_call(job private.jobs)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
declare
    v_checkout public.checkouts;
    -- A key makes a repeat after a lost answer find what the first call made. But Stripe repeats a
    -- failure of its own as well, for a day: after three tries the call is another one. What the
    -- first made is then a customer, or a page whose address nobody has.
    v_try constant integer := (checkout_call.job).tries / 3;
begin
    select c.* into v_checkout
    from public.checkouts as c
    where c.profile_id = (checkout_call.job).profile_id
        and c.id = (checkout_call.job).checkout_id;

    if (checkout_call.job).kind = 'customer' then
        return (
            select jsonb_build_object(
                'call', 'customers.create',
                -- The same key with another address would be refused, and without the number of the
                -- customer would bring back one that was deleted.
                'idempotency_key',
                format(
                    'customer:%s:%s:%s:%s', v_checkout.profile_id, md5(coalesce(u.email, '')),
                    (
                        select count(*)
                        from private.stripe_customers as c
                        where c.profile_id = v_checkout.profile_id
                    ),
                    v_try
                ),
                'params', jsonb_strip_nulls(jsonb_build_object(
                    'email', nullif(u.email, ''),
                    'metadata', jsonb_build_object('profile_id', v_checkout.profile_id)
                ))
            )
            from (select v_checkout.profile_id as id) as p
            left join auth.users as u on p.id = u.id
        );
    end if;

    if v_checkout.item_kind = 'portal' then
        return (
            select jsonb_build_object(
                'call', 'billing_portal.sessions.create',
                'idempotency_key', format('checkout:%s:%s', v_checkout.id, v_try),
                'params', jsonb_strip_nulls(jsonb_build_object(
                    'customer', c.customer_id,
                    'return_url', coalesce(s.portal_return_url, s.checkout_success_url)
                ))
            )
            from private.stripe_customers as c
            cross join private.settings as s
            where c.profile_id = v_checkout.profile_id
                and c.is_current
        );
    end if;

    return private.session_call(v_checkout)
        || jsonb_build_object('idempotency_key', format('checkout:%s:%s', v_checkout.id, v_try));
end;
$$;

comment on function private.checkout_call(private.jobs) is
'The call that brings a checkout one step further: its customer, or its page.';
