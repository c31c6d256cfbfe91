-- Purpose: a code is given, under the lock of both people.
-- Touches: functions private.lock_with_referrer, private.owner_of_code, private.store_referral.
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

create function private.owner_of_code(code text)
returns uuid
language sql
stable
set search_path = ''
as $$
    -- People copy codes by hand: case and surrounding blanks are forgiven.
    select p.id
    from public.profiles as p
    where p.referral_code = upper(btrim(owner_of_code.code));
$$;

comment on function private.owner_of_code(text) is
'Whose referral code this is, also when the account was closed; null when nobody''s.';

create function private.store_referral(referred_id uuid, code text)
returns public.referrals
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_code constant text := upper(btrim(store_referral.code));
    v_referrer_id uuid;
    v_reason text;
    v_referral public.referrals;
begin
    select p.id into v_referrer_id
    from public.profiles as p
    where p.id = private.owner_of_code(store_referral.code)
        and p.deleted_at is null;

    v_reason := private.judge_referral(store_referral.referred_id, v_referrer_id, v_code);

    insert into public.referrals (referred_id, referrer_id, code, status, reason)
    values (
        store_referral.referred_id,
        v_referrer_id,
        left(store_referral.code, 64),
        case when v_reason is null then 'pending' else 'rejected' end,
        v_reason
    )
    returning * into v_referral;

    update public.profiles as p
    set referred_by = v_referrer_id
    where p.id = store_referral.referred_id
        and v_reason is null;

    return v_referral;
end;
$$;

comment on function private.store_referral(uuid, text) is
'Records the code a person came with: pending, or rejected with the reason. Never refuses.';
