-- Purpose: what an operator may give and take by hand, with who and why.
-- Touches: functions private.operator_grant, private.operator_revoke.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function.

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
