-- Purpose: bring what was taken back of a lot to a new total.
-- Touches: function private.claw_back_lot.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function.

create function private.claw_back_lot(
    profile_id uuid,
    lot_id bigint,
    target bigint,
    reason text
)
returns bigint
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_before bigint;
    v_after bigint;
    v_change bigint;
begin
    -- What is due to expire does so first, or it would come back when this is undone.
    if private.lock_profile(claw_back_lot.profile_id) then
        perform private.expire_profile_lots(claw_back_lot.profile_id);
    end if;

    select
        p.credits,
        claw_back_lot.target - l.clawed_back
    into v_before, v_change
    from public.credit_lots as l
    inner join public.profiles as p on l.profile_id = p.id
    where l.profile_id = claw_back_lot.profile_id
        and l.id = claw_back_lot.lot_id;

    if v_change > 0 then
        perform private.claw_back_more(
            claw_back_lot.profile_id, claw_back_lot.lot_id, v_change, claw_back_lot.reason
        );
    elsif v_change < 0 then
        perform private.claw_back_less(
            claw_back_lot.profile_id, claw_back_lot.lot_id, -v_change, claw_back_lot.reason
        );
    end if;

    select p.credits into v_after
    from public.profiles as p
    where p.id = claw_back_lot.profile_id;

    return v_after - v_before;
end;
$$;

comment on function private.claw_back_lot(uuid, bigint, bigint, text) is
'Makes target the number of credits of this lot that are taken back in all: more is taken or owed,
less is given back. The same target again changes nothing. Returns the change of the balance.';
