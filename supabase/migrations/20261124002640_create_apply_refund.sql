-- Purpose: refunds and disputes of Stripe take their credits along.
-- Touches: functions private.payment_of_intent, private.apply_refund, private.apply_dispute.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function.

create function private.payment_of_intent(payment_intent_id text)
returns private.payment_intents
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_intent private.payment_intents;
begin
    select i.* into v_intent
    from private.payment_intents as i
    where i.payment_intent_id = payment_of_intent.payment_intent_id;

    -- The payment of this reversal is not here yet: it has to be found and fetched first.
    if not found and payment_of_intent.payment_intent_id is not null then
        insert into private.jobs (kind, stripe_object_id)
        values ('find_invoice', payment_of_intent.payment_intent_id)
        on conflict (stripe_object_id) where stripe_object_id is not null do nothing;
    end if;

    return v_intent;
end;
$$;

comment on function private.payment_of_intent(text) is
'The payment behind a PaymentIntent, and whose it is; null when it is not here yet, and then it is
looked for.';

create function private.apply_refund(refund jsonb)
returns text
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_id constant text := apply_refund.refund ->> 'id';
    v_status constant text := case apply_refund.refund ->> 'status'
        when 'succeeded' then 'taken'
        -- The money is on its way; should it come back, that is undone.
        when 'pending' then 'taken'
        when 'failed' then 'undone'
        when 'canceled' then 'undone'
    end;
    v_intent private.payment_intents;
begin
    if apply_refund.refund ->> 'status' = 'requires_action' then
        return 'requires_action';
    end if;

    if v_status is null then
        return private.raise_stripe_alarm(
            v_id, 'unknown_status', 'A refund that is ' || (apply_refund.refund ->> 'status')
        );
    end if;

    v_intent := private.payment_of_intent(apply_refund.refund ->> 'payment_intent');
    if v_intent.payment_id is null then
        return null;
    end if;

    perform private.apply_reversal(
        v_intent.profile_id,
        v_intent.payment_id,
        v_id,
        'refund',
        (apply_refund.refund ->> 'amount')::bigint,
        v_status
    );
    return v_status;
end;
$$;

comment on function private.apply_refund(jsonb) is
'Applies a refund as it is now. Null while its payment is not here yet.';

create function private.apply_dispute(dispute jsonb)
returns text
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_id constant text := apply_dispute.dispute ->> 'id';
    v_status constant text := case apply_dispute.dispute ->> 'status'
        when 'needs_response' then 'open'
        when 'under_review' then 'open'
        when 'warning_needs_response' then 'open'
        when 'warning_under_review' then 'open'
        when 'won' then 'won'
        when 'warning_closed' then 'won'
        when 'prevented' then 'won'
        when 'lost' then 'lost'
        -- An appeal begins after it was lost; should it be won, Stripe says so.
        when 'appeal_needs_response' then 'lost'
        when 'appeal_under_review' then 'lost'
    end;
    v_intent private.payment_intents;
begin
    if v_status is null then
        return private.raise_stripe_alarm(
            v_id, 'unknown_status', 'A dispute that is ' || (apply_dispute.dispute ->> 'status')
        );
    end if;

    v_intent := private.payment_of_intent(apply_dispute.dispute ->> 'payment_intent');
    if v_intent.payment_id is null then
        return null;
    end if;

    perform private.apply_reversal(
        v_intent.profile_id,
        v_intent.payment_id,
        v_id,
        'dispute',
        (apply_dispute.dispute ->> 'amount')::bigint,
        v_status
    );
    return v_status;
end;
$$;

comment on function private.apply_dispute(jsonb) is
'Applies a dispute, or an inquiry before one, as it is now: open freezes, lost claws back, won and
closed release. Money that is withdrawn when it opens decides nothing. Null while its payment is not
here yet.';
