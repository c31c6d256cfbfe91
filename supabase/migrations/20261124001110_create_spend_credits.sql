-- Purpose: credits go out: a spend burns lots in order, and its refund goes back to them.
-- Touches: functions private.burn_lots, private.spend_credits, private.return_to_lot,
--          private.refund_generation.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function.

create function private.burn_lots(
    profile_id uuid,
    amount bigint,
    kind text,
    generation_id uuid default null,
    reason text default null
)
returns bigint
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_lot record;
    v_left bigint := burn_lots.amount;
begin
    -- By their own expiry, not by a sweep: what has expired is not burned from that instant on.
    for v_lot in
        select
            l.id,
            l.remaining
        from public.credit_lots as l
        where l.profile_id = burn_lots.profile_id
            and l.exhausted_at is null
            and l.frozen_at is null
            and (l.expires_at is null or l.expires_at > now())
        order by l.priority, l.expires_at, l.id
    loop
        exit when v_left = 0;

        insert into public.credit_entries (
            profile_id, lot_id, amount, kind, generation_id, reason
        )
        values (
            burn_lots.profile_id, v_lot.id, -least(v_lot.remaining, v_left), burn_lots.kind,
            burn_lots.generation_id, burn_lots.reason
        );

        v_left := v_left - least(v_lot.remaining, v_left);
    end loop;

    return v_left;
end;
$$;

comment on function private.burn_lots(uuid, bigint, text, uuid, text) is
'Takes credits from the open lots: by priority, then earliest expiry, then oldest; one entry per
lot. Returns how many were missing. The caller holds the profile''s lock.';

create function private.spend_credits(profile_id uuid, amount bigint, generation_id uuid)
returns void
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_missing bigint;
begin
    perform private.lock_profiles(array[spend_credits.profile_id]);

    v_missing := private.burn_lots(
        spend_credits.profile_id, spend_credits.amount, 'spend', spend_credits.generation_id
    );

    if v_missing > 0 then
        raise sqlstate 'PT402' using
            message = 'insufficient_credits',
            detail = format(
                'It costs %s credits and %s are missing.', spend_credits.amount, v_missing
            ),
            hint = 'Buy credits, or ask for a cheaper generation type.';
    end if;
end;
$$;

comment on function private.spend_credits(uuid, bigint, uuid) is
'Burns credits for a generation, or raises PT402 insufficient_credits and changes nothing.';

create function private.return_to_lot(
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
begin
    select l.* into v_lot
    from public.credit_lots as l
    where l.id = return_to_lot.lot_id;

    -- The lot expired meanwhile: what was left in it is gone, what comes back lives on for a while.
    -- A frozen lot gets its time when it is released.
    if v_lot.expires_at <= now() and v_lot.frozen_at is null then
        insert into public.credit_entries (profile_id, lot_id, amount, kind)
        select v_lot.profile_id, v_lot.id, -v_lot.remaining, 'expire'
        where v_lot.remaining > 0;

        update public.credit_lots as l
        set expires_at = now() + s.refund_grace
        from private.settings as s
        where l.id = v_lot.id;
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

comment on function private.return_to_lot(bigint, bigint, text, uuid, bigint, text) is
'Puts credits back into the lot they came from. An expired lot lives again for
settings.refund_grace; a lot that owes repays itself first. The caller holds the profile''s lock.';

create function private.refund_generation(generation_id uuid)
returns bigint
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_spent record;
    v_refunded bigint := 0;
begin
    perform private.lock_profiles(array(
        select g.profile_id
        from public.generations as g
        where g.id = refund_generation.generation_id
    ));

    -- Each lot gets back exactly what this generation took from it. A second refund of the same
    -- generation violates credit_entries_generation_id_lot_id_kind_key.
    for v_spent in
        select
            e.lot_id,
            -e.amount as amount
        from public.credit_entries as e
        where e.generation_id = refund_generation.generation_id
            and e.kind = 'spend'
        order by e.entry_number
    loop
        perform private.return_to_lot(
            v_spent.lot_id, v_spent.amount, 'refund', refund_generation.generation_id
        );
        v_refunded := v_refunded + v_spent.amount;
    end loop;

    return v_refunded;
end;
$$;

comment on function private.refund_generation(uuid) is
'Gives what a generation burned back to the lots it came from, once. Returns the credits given
back.';
