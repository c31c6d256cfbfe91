-- Purpose: a code is given, under the lock of both people.
-- Touches: functions private.lock_with_referrer, private.record_referral.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function.

create function private.lock_with_referrer(referred_id uuid)
returns void
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_referrer_id uuid;
begin
    loop
        v_referrer_id := private.referrer_of(lock_with_referrer.referred_id);

        begin
            perform private.lock_profiles(
                array[lock_with_referrer.referred_id, v_referrer_id]
            );

            if private.referrer_of(lock_with_referrer.referred_id)
                is distinct from v_referrer_id
            then
                raise sqlstate 'TS001';
            end if;
            return;
        exception
            -- A code was applied while this waited. Locking its owner now could be out of order,
            -- so the locks of this block are let go and taken anew.
            when sqlstate 'TS001' then
                null;
        end;
    end loop;
end;
$$;

comment on function private.lock_with_referrer(uuid) is
'Locks a person and who brought them, in id order, for whatever may settle their referral.';

create function private.record_referral(referred_id uuid, code text)
returns public.referrals
language plpgsql
volatile
set search_path = ''
as $$
declare
    -- People copy codes by hand: case and surrounding blanks are forgiven.
    v_code constant text := upper(btrim(record_referral.code));
    v_referrer_id uuid;
    v_reason text;
    v_referral public.referrals;
begin
    select p.id into v_referrer_id
    from public.profiles as p
    where p.referral_code = v_code
        and p.deleted_at is null;

    v_reason := private.judge_referral(record_referral.referred_id, v_referrer_id, v_code);

    insert into public.referrals (referred_id, referrer_id, code, status, reason)
    values (
        record_referral.referred_id,
        v_referrer_id,
        left(record_referral.code, 64),
        case when v_reason is null then 'pending' else 'rejected' end,
        v_reason
    )
    returning * into v_referral;

    update public.profiles as p
    set referred_by = v_referrer_id
    where p.id = record_referral.referred_id
        and v_reason is null;

    return v_referral;
end;
$$;

comment on function private.record_referral(uuid, text) is
'Records the code a person came with: pending, or rejected with the reason. Never refuses.';
