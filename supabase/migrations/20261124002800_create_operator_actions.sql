-- Purpose: what every act of an operator on credits begins with.
-- Touches: functions private.begin_operator_action, private.check_operator_amount,
--          private.check_operator_lot.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function.

-- Nobody is granted EXECUTE: these are for the role that owns them, through `thumbsmith credits`.

create function private.begin_operator_action(
    action text,
    profile_id uuid,
    who text,
    why text,
    action_key text,
    details jsonb
)
returns boolean
language plpgsql
volatile
set search_path = ''
as $$
begin
    if not private.lock_profile(begin_operator_action.profile_id) then
        raise sqlstate 'PT404' using
            message = 'profile_not_found',
            detail = 'There is no such profile.',
            hint = 'Use the id of the person in auth.users.';
    end if;

    return private.audit(
        begin_operator_action.who,
        begin_operator_action.action,
        begin_operator_action.why,
        'operator:' || begin_operator_action.action_key,
        begin_operator_action.profile_id,
        begin_operator_action.details
    );
end;
$$;

comment on function private.begin_operator_action(text, uuid, text, text, text, jsonb) is
'Locks the profile and writes the audit row. False when this key acted before: then nothing is to be
done. Refuses with PT404 profile_not_found; PT422 reason_required.';

create function private.check_operator_amount(amount bigint)
returns void
language plpgsql
stable
set search_path = ''
as $$
begin
    if check_operator_amount.amount > 0 then
        return;
    end if;

    raise sqlstate 'PT422' using
        message = 'amount_not_positive',
        detail = 'The number of credits has to be positive.',
        hint = 'Take credits away with revoke.';
end;
$$;

comment on function private.check_operator_amount(bigint) is
'Refuses with PT422 amount_not_positive.';

create function private.check_operator_lot(profile_id uuid, lot_id bigint)
returns void
language plpgsql
stable
set search_path = ''
as $$
begin
    if check_operator_lot.lot_id is null or exists (
        select
        from public.credit_lots as l
        where l.id = check_operator_lot.lot_id
            and l.profile_id = check_operator_lot.profile_id
    ) then
        return;
    end if;

    raise sqlstate 'PT404' using
        message = 'lot_not_found',
        detail = 'This profile has no such lot.',
        hint = 'Read the lots with: thumbsmith credits history';
end;
$$;

comment on function private.check_operator_lot(uuid, bigint) is
'Refuses with PT404 lot_not_found unless the lot is the profile''s, or null.';
