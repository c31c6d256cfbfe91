-- Purpose: a pack that is paid.
-- Touches: functions private.bought_credits, private.apply_paid_session.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function.

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

    v_payment_id := private.apply_payment(
        v_profile_id,
        v_id,
        'pack',
        coalesce(v_bought.item_key, 'unknown'),
        (apply_paid_session.session ->> 'amount_total')::bigint,
        apply_paid_session.session ->> 'currency',
        v_bought.credits,
        now() + v_bought.credits_last
    );

    if v_payment_id is null then
        return private.raise_stripe_alarm(
            v_id, 'payment_of_another_person', 'Its payment is recorded as another person''s.'
        );
    end if;

    insert into private.payment_intents (payment_intent_id, profile_id, payment_id)
    select
        apply_paid_session.session #>> '{payment_intent,id}',
        v_profile_id,
        v_payment_id
    where apply_paid_session.session #>> '{payment_intent,id}' is not null
    on conflict on constraint payment_intents_pkey do nothing;

    -- Recorded with a price that nobody knew then.
    update public.payments as p
    set
        item_key = v_bought.item_key,
        credits_added = v_bought.credits
    where p.profile_id = v_profile_id
        and p.id = v_payment_id
        and p.item_key = 'unknown'
        and v_bought.item_key is not null;

    if found then
        perform private.grant_credits(
            v_profile_id, v_bought.credits, 'purchase', 'payment:' || v_id,
            now() + v_bought.credits_last, 100, v_payment_id
        );
        perform private.settle_payment(v_profile_id, v_payment_id, v_id);
    end if;

    perform private.close_checkout(v_profile_id, (apply_paid_session.checkout).id, 'completed');

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
