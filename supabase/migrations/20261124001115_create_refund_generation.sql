-- Purpose: the credits of a generation come back, to the lots they came from.
-- Touches: functions private.return_to_lot, private.refund_generation.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function.

create function private.return_to_lot(
    profile_id uuid,
    lot_id bigint,
    amount bigint,
    kind text,
    generation_id uuid default null,
    debt_lot_id bigint default null,
    reason text default null
)
returns void
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_lot public.credit_lots;
    v_grace interval;
begin
    select l.* into v_lot
    from public.credit_lots as l
    where l.profile_id = return_to_lot.profile_id
        and l.id = return_to_lot.lot_id;

    -- The lot expired meanwhile: what was left in it is gone, what comes back lives on for a while.
    -- A frozen lot gets its time when it is released.
    if v_lot.expires_at <= now() and v_lot.frozen_at is null then
        insert into public.credit_entries (profile_id, lot_id, amount, kind)
        select v_lot.profile_id, v_lot.id, -v_lot.remaining, 'expire'
        where v_lot.remaining > 0;

        select s.refund_grace into v_grace
        from private.settings as s;

        update public.credit_lots as l
        set expires_at = now() + v_grace
        where l.profile_id = v_lot.profile_id
            and l.id = v_lot.id;
    end if;

    insert into public.credit_entries (
        profile_id, lot_id, amount, kind, generation_id, debt_lot_id, reason
    )
    values (
        v_lot.profile_id, v_lot.id, return_to_lot.amount, return_to_lot.kind,
        return_to_lot.generation_id, return_to_lot.debt_lot_id, return_to_lot.reason
    );

    -- Its money went back after these credits were spent: they belong to that debt.
    if v_lot.owed > 0 then
        insert into public.credit_entries (
            profile_id, lot_id, amount, kind, debt, debt_lot_id
        )
        values (
            v_lot.profile_id, v_lot.id, -least(v_lot.owed, return_to_lot.amount), 'repay',
            -least(v_lot.owed, return_to_lot.amount), v_lot.id
        );
    end if;
end;
$$;

comment on function private.return_to_lot(uuid, bigint, bigint, text, uuid, bigint, text) is
'Puts credits back into the lot they came from. An expired lot lives again for
settings.refund_grace; a lot that owes repays itself first. The caller holds the profile''s lock.';

create function private.refund_generation(profile_id uuid, generation_id uuid)
returns bigint
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_spent record;
    v_refunded bigint := 0;
begin
    perform private.lock_profile(refund_generation.profile_id);

    -- Each lot gets back exactly what this generation took from it. A second refund of the same
    -- generation violates credit_entries_generation_id_lot_id_kind_key.
    for v_spent in
        select
            e.lot_id,
            -e.amount as amount
        from public.credit_entries as e
        where e.profile_id = refund_generation.profile_id
            and e.generation_id = refund_generation.generation_id
            and e.kind = 'spend'
        order by e.entry_number
    loop
        perform private.return_to_lot(
            refund_generation.profile_id, v_spent.lot_id, v_spent.amount, 'refund',
            refund_generation.generation_id
        );
        v_refunded := v_refunded + v_spent.amount;
    end loop;

    return v_refunded;
end;
$$;

comment on function private.refund_generation(uuid, uuid) is
'Gives what a generation burned back to the lots it came from, once. Returns the credits given
back.';
