-- Purpose: RPC apply_referral_code, for a sign-up that could not bring its code along.
-- Touches: functions private.signed_in_profile, private.lock_caller, private.apply_referral_code,
--          public.apply_referral_code.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function.

create function private.signed_in_profile()
returns uuid
language plpgsql
stable
set search_path = ''
as $$
declare
    v_profile_id constant uuid := auth.uid();
begin
    -- The token of a deleted account is valid for up to an hour.
    if not exists (
        select
        from public.profiles as p
        where p.id = v_profile_id
            and p.deleted_at is null
    ) then
        raise sqlstate 'PT401' using
            message = 'not_signed_in',
            detail = case
                when v_profile_id is null then 'This needs a signed-in person.'
                else 'This account does not exist any more.'
            end,
            hint = 'Sign in, and send the access token.';
    end if;
    return v_profile_id;
end;
$$;

comment on function private.signed_in_profile() is
'The caller''s profile id, or PT401 not_signed_in: also when the account was deleted.';
grant execute on function private.signed_in_profile() to authenticated;

create function private.lock_caller(other_id uuid default null)
returns uuid
language plpgsql
volatile
set search_path = ''
as $$
begin
    perform private.lock_profiles(array[auth.uid(), lock_caller.other_id]);

    -- Looked at under the lock: a deletion that came first is seen.
    return private.signed_in_profile();
end;
$$;

comment on function private.lock_caller(uuid) is
'Locks the caller''s profile, and another one with it, so that calls of one person follow each
other. Returns the caller''s id, or refuses with PT401 not_signed_in.';

create function private.apply_referral_code(code text)
returns jsonb
language plpgsql
volatile
-- security definer because only rules may write: the caller holds no grant on any of these tables
security definer
set search_path = ''
as $$
declare
    -- Cut before the queue below: megabytes would hold up everybody who waits there.
    v_code constant text := left(apply_referral_code.code, 64);
    v_profile_id uuid;
    v_retry_after integer;
    v_referral public.referrals;
begin
    perform private.check_plain_call();

    -- One at a time in the whole database: a circle of several people who apply each other's codes
    -- at the same moment could not be seen otherwise. It is a rare call.
    perform pg_advisory_xact_lock(hashtext('thumbsmith.apply_referral_code'));

    v_profile_id := private.lock_caller((
        select p.id
        from public.profiles as p
        where p.referral_code = upper(btrim(v_code))
    ));

    v_retry_after := private.code_retry_after(v_profile_id);
    if v_retry_after is not null then
        return private.too_many_codes(v_retry_after);
    end if;

    v_referral := private.record_referral(v_profile_id, coalesce(v_code, ''));

    if v_referral.status = 'rejected' then
        perform private.note_code_failure(v_profile_id);
    elsif private.settle_referral(v_profile_id) then
        v_referral.status := 'rewarded';
    end if;

    return case
        when v_referral.reason in ('malformed_code', 'unknown_code') then private.refuse(
            404,
            'referral_code_not_found',
            'There is no such referral code.',
            'Ask your friend for the code again.'
        )
        when v_referral.reason is not null then private.refuse(
            409,
            'referral_code_refused',
            format('This code does not count for you: %s.', v_referral.reason),
            'See referrals.reason in the documentation.'
        )
        else jsonb_build_object('status', v_referral.status, 'code', v_referral.code)
    end;
end;
$$;

comment on function private.apply_referral_code(text) is
'The rule behind public.apply_referral_code.';
grant execute on function private.apply_referral_code(text) to authenticated;

create function public.apply_referral_code(code text)
returns jsonb
language sql
volatile
security invoker
set search_path = ''
as $$
    select private.apply_referral_code(apply_referral_code.code);
$$;

comment on function public.apply_referral_code(text) is
'Say who sent you, if the sign-up itself could not.

For signed-in people, within settings.referral_window of the sign-up. Returns {"status": "pending" |
"rewarded", "code": string}: pending until the address is confirmed or the first purchase is made,
then rewarded. Each try is recorded in referrals. Refuses with 404 referral_code_not_found; 409
referral_code_refused, with the reason in the details; 429 too_many_codes, with Retry-After.';
grant execute on function public.apply_referral_code(text) to authenticated;
