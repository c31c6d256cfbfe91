-- Purpose: take credits back when the money for them went back, and undo that exactly.
-- Touches: functions private.claw_back_more, private.claw_back_less.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function.

-- Of each lot it is known how much of it is to be taken back in all (clawed_back). A new total is
-- reached from the last one, up or down, so refunds, disputes and their reversals may come in any
-- order and any number.

create function private.claw_back_more(
    profile_id uuid,
    lot_id bigint,
    amount bigint,
    reason text
)
returns void
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_lot public.credit_lots;
    v_lost bigint;
    v_take bigint;
begin
    select l.* into v_lot
    from public.credit_lots as l
    where l.profile_id = claw_back_more.profile_id
        and l.id = claw_back_more.lot_id;

    -- What expired or was revoked has left the person already: it is not owed a second time.
    select least(
        coalesce(-sum(e.amount), 0), greatest(claw_back_more.amount - v_lot.remaining, 0)
    )
    into v_lost
    from public.credit_entries as e
    where e.profile_id = v_lot.profile_id
        and e.lot_id = v_lot.id
        and e.kind in ('expire', 'revoke', 'restore');

    insert into public.credit_entries (profile_id, lot_id, amount, kind, reason)
    select v_lot.profile_id, v_lot.id, v_lost, 'restore', claw_back_more.reason
    where v_lost > 0;

    v_take := least(claw_back_more.amount, v_lot.remaining + v_lost);

    insert into public.credit_entries (profile_id, lot_id, amount, kind, debt, reason)
    values (
        v_lot.profile_id, v_lot.id, -v_take, 'claw_back', claw_back_more.amount - v_take,
        claw_back_more.reason
    );
end;
$$;

comment on function private.claw_back_more(uuid, bigint, bigint, text) is
'Takes what is left in the lot; what is missing becomes debt. The caller holds the profile''s
lock.';

create function private.claw_back_less(
    profile_id uuid,
    lot_id bigint,
    amount bigint,
    reason text
)
returns void
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_lot public.credit_lots;
    v_payer record;
    v_forgiven bigint;
    v_restored bigint;
    v_left bigint;
begin
    select l.* into v_lot
    from public.credit_lots as l
    where l.profile_id = claw_back_less.profile_id
        and l.id = claw_back_less.lot_id;

    v_forgiven := least(v_lot.owed, claw_back_less.amount);
    v_left := claw_back_less.amount - v_forgiven;

    insert into public.credit_entries (profile_id, lot_id, amount, kind, debt, reason)
    select v_lot.profile_id, v_lot.id, 0, 'reinstate', -v_forgiven, claw_back_less.reason
    where v_forgiven > 0;

    -- Then the lots that repaid the debt get back what they gave, the last one first.
    for v_payer in
        select
            e.lot_id,
            -sum(e.amount)::bigint as paid
        from public.credit_entries as e
        where e.profile_id = v_lot.profile_id
            and e.debt_lot_id = v_lot.id
        group by e.lot_id
        having -sum(e.amount) > 0
        order by max(e.entry_number) desc
    loop
        exit when v_left = 0;
        perform private.return_to_lot(
            v_lot.profile_id, v_payer.lot_id, least(v_left, v_payer.paid), 'reinstate',
            debt_lot_id => v_lot.id, reason => claw_back_less.reason
        );
        v_left := v_left - least(v_left, v_payer.paid);
    end loop;

    if v_left = 0 then
        return;
    end if;

    perform private.return_to_lot(
        v_lot.profile_id, v_lot.id, v_left, 'reinstate', reason => claw_back_less.reason
    );

    -- What had expired or been revoked before stays so.
    select least(coalesce(sum(e.amount), 0), v_left) into v_restored
    from public.credit_entries as e
    where e.profile_id = v_lot.profile_id
        and e.lot_id = v_lot.id
        and e.kind = 'restore';

    insert into public.credit_entries (profile_id, lot_id, amount, kind, reason)
    select v_lot.profile_id, v_lot.id, -v_restored, 'restore', claw_back_less.reason
    where v_restored > 0;
end;
$$;

comment on function private.claw_back_less(uuid, bigint, bigint, text) is
'Undoes part of a claw-back: forgives what is still owed, then gives back what other lots repaid,
then what was taken. The caller holds the profile''s lock.';
