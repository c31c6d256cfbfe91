-- Purpose: what an operator may freeze and release by hand, with who and why.
-- Touches: functions private.operator_freeze, private.operator_release.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function.

create function private.operator_freeze(
    profile_id uuid,
    lot_id bigint,
    who text,
    why text,
    action_key text
)
returns integer
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_frozen integer;
begin
    if not private.begin_operator_action(
        'freeze', operator_freeze.profile_id, operator_freeze.who, operator_freeze.why,
        operator_freeze.action_key, jsonb_build_object('lot_id', operator_freeze.lot_id)
    ) then
        return 0;
    end if;

    perform private.check_operator_lot(operator_freeze.profile_id, operator_freeze.lot_id);
    perform private.expire_profile_lots(operator_freeze.profile_id);

    select
        count(*) filter (
            where private.freeze_lot(
                l.id, 'operator:' || operator_freeze.action_key, operator_freeze.why
            )
        )
    into v_frozen
    from public.credit_lots as l
    where l.profile_id = operator_freeze.profile_id
        and l.id = coalesce(operator_freeze.lot_id, l.id)
        and (l.exhausted_at is null or operator_freeze.lot_id is not null);

    return v_frozen;
end;
$$;

comment on function private.operator_freeze(uuid, bigint, text, text, text) is
'Freezes one lot, or every open lot when lot_id is null. Returns how many; zero when this key acted
before. PT404 lot_not_found.';

create function private.operator_release(
    profile_id uuid,
    lot_id bigint,
    who text,
    why text,
    action_key text
)
returns integer
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_released integer;
begin
    if not private.begin_operator_action(
        'release', operator_release.profile_id, operator_release.who, operator_release.why,
        operator_release.action_key, jsonb_build_object('lot_id', operator_release.lot_id)
    ) then
        return 0;
    end if;

    perform private.check_operator_lot(operator_release.profile_id, operator_release.lot_id);

    select count(*) filter (where private.release_lot(f.lot_id, f.freeze_key)) into v_released
    from private.credit_freezes as f
    inner join public.credit_lots as l on f.lot_id = l.id
    where l.profile_id = operator_release.profile_id
        and l.id = coalesce(operator_release.lot_id, l.id)
        and f.freeze_key like 'operator:%'
        and f.released_at is null;

    return v_released;
end;
$$;

comment on function private.operator_release(uuid, bigint, text, text, text) is
'Ends the freezes of operators on one lot, or on all when lot_id is null; a dispute''s stay. Returns
how many. PT404 lot_not_found.';
