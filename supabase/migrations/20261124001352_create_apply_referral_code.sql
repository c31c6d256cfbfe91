-- Purpose: RPC apply_referral_code, for a sign-up that could not bring its code along.
-- Touches: functions private.apply_referral_code, public.apply_referral_code.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function.

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

    v_profile_id := private.lock_caller(private.owner_of_code(v_code));

    v_retry_after := private.code_retry_after(v_profile_id);
    if v_retry_after is not null then
        return private.too_many_codes(v_retry_after);
    end if;

    v_referral := private.store_referral(v_profile_id, coalesce(v_code, ''));

    if v_referral.status = 'rejected' then
        perform private.store_code_failure(v_profile_id);
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
