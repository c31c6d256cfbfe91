-- Purpose: what a Checkout session of Stripe means: a pack that is paid, a page that has ended.
-- Touches: function private.apply_checkout_session.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function.

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
        perform private.enqueue_fetch(o.id)
        from (
            values
            (apply_checkout_session.session ->> 'subscription'),
            (apply_checkout_session.session ->> 'invoice')
        ) as o (id)
        where o.id is not null
        order by o.id;

        perform private.close_checkout(v_checkout.profile_id, v_checkout.id, 'completed');
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
            perform private.close_checkout(
                v_checkout.profile_id, v_checkout.id, 'failed', 'payment_failed'
            );
            return 'payment_failed';
        end if;

        update public.checkouts as c
        set
            status = 'pending',
            url = null
        where c.profile_id = v_checkout.profile_id
            and c.id = v_checkout.id
            and c.finished_at is null;
        return 'pending';
    end if;

    if v_status = 'expired' then
        perform private.close_checkout(v_checkout.profile_id, v_checkout.id, 'expired');
    end if;
    return v_status;
end;
$$;

comment on function private.apply_checkout_session(jsonb) is
'Applies a Checkout session as it is now, with its line_items and its payment_intent in it.';
