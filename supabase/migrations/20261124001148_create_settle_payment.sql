-- Purpose: what a payment is worth after its refunds and disputes.
-- Touches: functions private.freeze_payment, private.settle_payment.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function.

create function private.freeze_payment(profile_id uuid, payment_id uuid)
returns void
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_hold record;
begin
    for v_hold in
        select
            l.id as lot_id,
            r.reversal_key,
            r.status = 'open' as is_open
        from public.credit_lots as l
        inner join private.payment_reversals as r
            on l.profile_id = r.profile_id and l.payment_id = r.payment_id
        where l.profile_id = freeze_payment.profile_id
            and l.payment_id = freeze_payment.payment_id
            and r.kind = 'dispute'
        order by l.created_at, l.id, r.reversal_key
    loop
        if v_hold.is_open then
            perform private.freeze_lot(
                freeze_payment.profile_id, v_hold.lot_id, v_hold.reversal_key, 'dispute'
            );
        else
            perform private.release_lot(
                freeze_payment.profile_id, v_hold.lot_id, v_hold.reversal_key
            );
        end if;
    end loop;
end;
$$;

comment on function private.freeze_payment(uuid, uuid) is
'Freezes the lots of a payment while a dispute is open, and releases them when it is closed.';

create function private.settle_payment(profile_id uuid, payment_id uuid, reason text)
returns void
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_reversed bigint;
    v_dispute_status text;
    v_payment public.payments;
    v_lot record;
begin
    perform private.lock_profile(settle_payment.profile_id);

    select
        coalesce(sum(r.amount) filter (where r.status in ('taken', 'lost')), 0),
        -- One open dispute is enough to be in dispute; one lost outweighs one won.
        coalesce(
            min(r.status) filter (where r.status = 'open'),
            min(r.status) filter (where r.kind = 'dispute')
        )
    into v_reversed, v_dispute_status
    from private.payment_reversals as r
    where r.profile_id = settle_payment.profile_id
        and r.payment_id = settle_payment.payment_id;

    update public.payments as p
    set
        amount_reversed = least(p.amount, v_reversed),
        dispute_status = v_dispute_status
    where p.profile_id = settle_payment.profile_id
        and p.id = settle_payment.payment_id
    returning p.* into v_payment;

    -- In proportion, in favor of the person; the whole amount takes the whole lot.
    for v_lot in
        select
            l.id,
            floor(l.amount::numeric * v_payment.amount_reversed / v_payment.amount)::bigint
                as target
        from public.credit_lots as l
        where l.profile_id = settle_payment.profile_id
            and l.payment_id = settle_payment.payment_id
            and v_payment.amount > 0
        order by l.created_at, l.id
    loop
        perform private.claw_back_lot(
            settle_payment.profile_id, v_lot.id, v_lot.target, settle_payment.reason
        );
    end loop;

    perform private.freeze_payment(settle_payment.profile_id, settle_payment.payment_id);
end;
$$;

comment on function private.settle_payment(uuid, uuid, text) is
'Makes the credits of a payment what its reversals say: claws back in proportion to the money that
went back, and freezes while a dispute is open. Safe to call again.';
