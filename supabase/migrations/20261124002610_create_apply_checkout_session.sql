-- Purpose: what a Checkout session of Stripe means: a pack that is paid, a page that has ended.
-- Touches: functions private.profile_of_customer, private.close_checkout, private.adopt_session,
--          private.bought_credits, private.apply_paid_session, private.apply_checkout_session.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function.

-- Every apply function is given the object as Stripe shows it now. It may be called any number of
-- times, in any order; it returns a word for the log, or null when it has to be called again.
-- Other objects are asked for before a profile is locked.

create function private.profile_of_customer(customer_id text)
returns uuid
language sql
stable
set search_path = ''
as $$
    select c.profile_id
    from private.stripe_customers as c
    where c.customer_id = profile_of_customer.customer_id;
$$;

comment on function private.profile_of_customer(text) is
'Whose customer at Stripe this is; null when nobody''s.';

create function private.close_checkout(checkout_id uuid, status text, error text default null)
returns void
language sql
volatile
set search_path = ''
as $$
    update public.checkouts as c
    set
        status = close_checkout.status,
        error = close_checkout.error,
        url = null,
        finished_at = now()
    where c.id = close_checkout.checkout_id
        and (
            c.finished_at is null
            -- A page that was given up may have been paid all the same.
            or (close_checkout.status = 'completed' and c.status <> 'completed')
        );
$$;

comment on function private.close_checkout(uuid, text, text) is
'Moves a checkout to its final status: completed wins over all others.';

create function private.adopt_session(session jsonb)
returns public.checkouts
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_checkout public.checkouts;
begin
    -- By our own id as well: the answer to the call that made it may have been lost.
    update public.checkouts as c
    set stripe_session_id = adopt_session.session ->> 'id'
    where c.id::text = adopt_session.session ->> 'client_reference_id'
        and c.stripe_session_id is null
        and private.profile_of_customer(adopt_session.session ->> 'customer') = c.profile_id;

    select c.* into v_checkout
    from public.checkouts as c
    where c.stripe_session_id = adopt_session.session ->> 'id';

    return v_checkout;
end;
$$;

comment on function private.adopt_session(jsonb) is
'The checkout that a session belongs to, or null: somebody made it at Stripe.';

create function private.bought_credits(
    session jsonb,
    promised bigint,
    out item_key text,
    out credits bigint,
    out credits_last interval
)
language sql
stable
set search_path = ''
as $$
    -- By the prices that were paid. One that we do not know gives nothing and makes item_key null.
    select
        case when bool_and(k.pack_key is not null) then min(k.pack_key) end,
        case
            when bool_and(k.pack_key is not null) then sum(
                (l.line ->> 'quantity')::bigint
                * case
                    when l.of = 1 then coalesce(bought_credits.promised, k.credits)
                    else k.credits
                end
            )::bigint
            else 0
        end,
        min(k.credits_last)
    from (
        select
            a.line,
            count(*) over () as of
        from jsonb_array_elements(bought_credits.session #> '{line_items,data}') as a (line)
    ) as l
    left join private.stripe_prices as p
        on p.price_id = l.line #>> '{price,id}'
        and p.item_kind = 'pack'
    left join public.credit_packs as k on p.item_key = k.pack_key;
$$;

comment on function private.bought_credits(jsonb, bigint) is
'What the lines of a session bought: the pack, the credits of all of them, and how long they last.
promised is what one pack was to give when the person asked for it.';

create function private.apply_paid_session(session jsonb, checkout public.checkouts)
returns text
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_profile_id constant uuid := coalesce(
        (apply_paid_session.checkout).profile_id,
        private.profile_of_customer(apply_paid_session.session ->> 'customer')
    );
    v_id constant text := apply_paid_session.session ->> 'id';
    v_bought record;
    v_payment_id uuid;
begin
    if v_profile_id is null then
        return private.raise_stripe_alarm(v_id, 'unknown_customer', 'A paid session of nobody.');
    end if;

    select b.* into v_bought
    from private.bought_credits(
        apply_paid_session.session, (apply_paid_session.checkout).credits
    ) as b;

    v_payment_id := private.record_payment(
        v_profile_id,
        v_id,
        'pack',
        coalesce(v_bought.item_key, 'unknown'),
        (apply_paid_session.session ->> 'amount_total')::bigint,
        apply_paid_session.session ->> 'currency',
        v_bought.credits,
        now() + v_bought.credits_last
    );

    insert into private.payment_intents (payment_intent_id, payment_id)
    select
        apply_paid_session.session #>> '{payment_intent,id}',
        v_payment_id
    where apply_paid_session.session #>> '{payment_intent,id}' is not null
    on conflict on constraint payment_intents_pkey do nothing;

    -- Recorded with a price that nobody knew then.
    update public.payments as p
    set
        item_key = v_bought.item_key,
        credits_added = v_bought.credits
    where p.id = v_payment_id
        and p.item_key = 'unknown'
        and v_bought.item_key is not null;

    if found then
        perform private.grant_credits(
            v_profile_id, v_bought.credits, 'purchase', 'payment:' || v_id,
            now() + v_bought.credits_last, 100, v_payment_id
        );
        perform private.settle_payment(v_payment_id, v_id);
    end if;

    perform private.close_checkout((apply_paid_session.checkout).id, 'completed');

    if v_bought.item_key is null then
        return private.raise_stripe_alarm(
            v_id, 'unknown_price', 'A session was paid with a price that is not ours.'
        );
    end if;
    return 'paid';
end;
$$;

comment on function private.apply_paid_session(jsonb, public.checkouts) is
'Records the payment of a session, once, and grants its credits.';

create function private.apply_checkout_session(session jsonb)
returns text
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_checkout constant public.checkouts := private.adopt_session(apply_checkout_session.session);
    v_status constant text := apply_checkout_session.session ->> 'status';
    v_payment_status constant text := apply_checkout_session.session ->> 'payment_status';
begin
    if apply_checkout_session.session ->> 'mode' = 'subscription' and v_status = 'complete' then
        perform private.want_stripe_object(o.id)
        from (
            values
            (apply_checkout_session.session ->> 'subscription'),
            (apply_checkout_session.session ->> 'invoice')
        ) as o (id)
        where o.id is not null
        order by o.id;

        perform private.close_checkout(v_checkout.id, 'completed');
        return 'subscribed';
    end if;

    if apply_checkout_session.session ->> 'mode' = 'payment' and v_status = 'complete' then
        if v_payment_status in ('paid', 'no_payment_required') then
            return private.apply_paid_session(apply_checkout_session.session, v_checkout);
        end if;

        -- A bank that takes days: it has said no once the PaymentIntent is not under way any more.
        if apply_checkout_session.session #>> '{payment_intent,status}'
            in ('requires_payment_method', 'canceled')
        then
            perform private.close_checkout(v_checkout.id, 'failed', 'payment_failed');
            return 'payment_failed';
        end if;

        update public.checkouts as c
        set
            status = 'pending',
            url = null
        where c.id = v_checkout.id
            and c.finished_at is null;
        return 'pending';
    end if;

    if v_status = 'expired' then
        perform private.close_checkout(v_checkout.id, 'expired');
    end if;
    return v_status;
end;
$$;

comment on function private.apply_checkout_session(jsonb) is
'Applies a Checkout session as it is now, with its line_items and its payment_intent in it.';
