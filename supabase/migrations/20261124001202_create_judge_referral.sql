-- Purpose: which code counts, and whose.
-- Touches: functions private.is_ancestor, private.judge_referral, private.referrer_of.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function.

create function private.is_ancestor(profile_id uuid, ancestor_id uuid)
returns boolean
language plpgsql
stable
set search_path = ''
as $$
declare
    v_chain uuid[] := array[is_ancestor.profile_id];
    v_next_id uuid;
begin
    -- One by one up the chain: a recursive query could not say whose row it reads.
    loop
        select p.referred_by into v_next_id
        from public.profiles as p
        where p.id = v_chain[1];

        if v_next_id = is_ancestor.ancestor_id then
            return true;
        end if;

        -- Its end; or a circle, which only a hand could have made.
        exit when v_next_id is null or v_next_id = any(v_chain);
        v_chain := v_next_id || v_chain;
    end loop;

    return false;
end;
$$;

comment on function private.is_ancestor(uuid, uuid) is
'Whether the first profile was brought by the second, directly or through others.';

create function private.judge_referral(referred_id uuid, referrer_id uuid, code text)
returns text
language sql
stable
set search_path = ''
as $$
    select case
        when judge_referral.code !~ '^[2-9A-HJKMNP-TV-Z]{8}$' then 'malformed_code'
        when judge_referral.referrer_id is null then 'unknown_code'
        when judge_referral.referrer_id = p.id then 'own_code'
        when p.referred_by is not null then 'repeated'
        when p.created_at + s.referral_window < now() then 'late'
        when private.is_known_person(p.id) then 'known_person'
        when private.is_ancestor(judge_referral.referrer_id, p.id) then 'circular'
    end
    from public.profiles as p
    cross join private.settings as s
    where p.id = judge_referral.referred_id;
$$;

comment on function private.judge_referral(uuid, uuid, text) is
'Why this code does not count for this person; null when it does.';

create function private.referrer_of(referred_id uuid)
returns uuid
language sql
stable
set search_path = ''
as $$
    select r.referrer_id
    from public.referrals as r
    where r.referred_id = referrer_of.referred_id
        and r.status <> 'rejected';
$$;

comment on function private.referrer_of(uuid) is
'Who is or may yet be rewarded for this person; null when nobody.';
