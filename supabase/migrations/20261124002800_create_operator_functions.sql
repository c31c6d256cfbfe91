-- Purpose: what an operator may do to credits by hand, with who and why.
-- Touches: functions private.begin_operator_action, private.check_operator_amount,
--          private.check_operator_lot, private.operator_grant, private.operator_revoke,
--          private.operator_freeze, private.operator_release.
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
    if private.lock_profiles(array[begin_operator_action.profile_id]) = 0 then
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

create function private.operator_grant(
    profile_id uuid,
    amount bigint,
    who text,
    why text,
    action_key text,
    expires_at timestamptz default null,
    priority integer default 100
)
returns boolean
language plpgsql
volatile
set search_path = ''
as $$
begin
    perform private.check_operator_amount(operator_grant.amount);

    if operator_grant.expires_at <= now() then
        raise sqlstate 'PT422' using
            message = 'expiry_not_ahead',
            detail = 'Credits that have expired already cannot be given.',
            hint = 'Give a time that is ahead, or none.';
    end if;

    if not private.begin_operator_action(
        'grant', operator_grant.profile_id, operator_grant.who, operator_grant.why,
        operator_grant.action_key, jsonb_build_object('credits', operator_grant.amount)
    ) then
        return false;
    end if;

    return private.grant_credits(
        operator_grant.profile_id, operator_grant.amount, 'operator',
        'operator:' || operator_grant.action_key, operator_grant.expires_at,
        operator_grant.priority
    );
end;
$$;

comment on function private.operator_grant(
    uuid, bigint, text, text, text, timestamptz, integer
) is
'Gives credits. False when this key did so before. PT422 amount_not_positive, expiry_not_ahead.';

create function private.operator_revoke(
    profile_id uuid,
    amount bigint,
    who text,
    why text,
    action_key text
)
returns boolean
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_missing bigint;
begin
    perform private.check_operator_amount(operator_revoke.amount);

    if not private.begin_operator_action(
        'revoke', operator_revoke.profile_id, operator_revoke.who, operator_revoke.why,
        operator_revoke.action_key, jsonb_build_object('credits', operator_revoke.amount)
    ) then
        return false;
    end if;

    v_missing := private.burn_lots(
        operator_revoke.profile_id, operator_revoke.amount, 'revoke',
        reason => 'operator:' || operator_revoke.action_key
    );

    if v_missing > 0 then
        raise sqlstate 'PT402' using
            message = 'insufficient_credits',
            detail = format('%s of %s credits are missing.', v_missing, operator_revoke.amount),
            hint = 'Revoke no more than is available.';
    end if;

    return true;
end;
$$;

comment on function private.operator_revoke(uuid, bigint, text, text, text) is
'Takes credits, in burn order. False when this key acted before; PT402 insufficient_credits when so
many are not available.';

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
