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
    v_lot_id bigint;
    v_frozen integer := 0;
begin
    if not private.begin_operator_action(
        'freeze', operator_freeze.profile_id, operator_freeze.who, operator_freeze.why,
        operator_freeze.action_key, jsonb_build_object('lot_id', operator_freeze.lot_id)
    ) then
        return 0;
    end if;

    perform private.check_operator_lot(operator_freeze.profile_id, operator_freeze.lot_id);
    perform private.expire_profile_lots(operator_freeze.profile_id);

    for v_lot_id in
        select l.id
        from public.credit_lots as l
        where l.profile_id = operator_freeze.profile_id
            and l.id = coalesce(operator_freeze.lot_id, l.id)
            and (l.exhausted_at is null or operator_freeze.lot_id is not null)
        order by l.created_at, l.id
    loop
        if private.freeze_lot(
            operator_freeze.profile_id, v_lot_id, 'operator:' || operator_freeze.action_key,
            operator_freeze.why
        ) then
            v_frozen := v_frozen + 1;
        end if;
    end loop;

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
    v_freeze record;
    v_released integer := 0;
begin
    if not private.begin_operator_action(
        'release', operator_release.profile_id, operator_release.who, operator_release.why,
        operator_release.action_key, jsonb_build_object('lot_id', operator_release.lot_id)
    ) then
        return 0;
    end if;

    perform private.check_operator_lot(operator_release.profile_id, operator_release.lot_id);

    for v_freeze in
        select
            f.lot_id,
            f.freeze_key
        from private.credit_freezes as f
        where f.profile_id = operator_release.profile_id
            and f.lot_id = coalesce(operator_release.lot_id, f.lot_id)
            and f.freeze_key like 'operator:%'
            and f.released_at is null
        order by f.frozen_at, f.lot_id, f.freeze_key
    loop
        if private.release_lot(
            operator_release.profile_id, v_freeze.lot_id, v_freeze.freeze_key
        ) then
            v_released := v_released + 1;
        end if;
    end loop;

    return v_released;
end;
$$;

comment on function private.operator_release(uuid, bigint, text, text, text) is
'Ends the freezes of operators on one lot, or on all when lot_id is null; a dispute''s stay. Returns
how many. PT404 lot_not_found.';
