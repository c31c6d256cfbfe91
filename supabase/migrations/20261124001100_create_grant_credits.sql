-- Purpose: credits come in: one lot per grant, and debts are repaid first.
-- Touches: functions private.lock_profile, private.lock_profiles, private.repay_debts,
--          private.grant_credits.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function.

-- Whoever holds the profile's row lock may change its lots. Every function that moves credits takes
-- it first.

create function private.lock_profile(profile_id uuid)
returns boolean
language plpgsql
volatile
set search_path = ''
as $$
begin
    perform
    from public.profiles as p
    where p.id = lock_profile.profile_id
    for no key update;

    return found;
end;
$$;

comment on function private.lock_profile(uuid) is
'Locks one profile, so that whatever changes its lots follows. False when there is none.';

create function private.lock_profiles(profile_ids uuid[])
returns integer
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_profile_id uuid;
    v_locked integer := 0;
begin
    -- One by one: a statement that locks rows of many people cannot be spread over nodes.
    for v_profile_id in
        select distinct i.id
        from unnest(lock_profiles.profile_ids) as i (id)
        order by i.id
    loop
        if private.lock_profile(v_profile_id) then
            v_locked := v_locked + 1;
        end if;
    end loop;

    return v_locked;
end;
$$;

comment on function private.lock_profiles(uuid[]) is
'Locks profiles in id order, so that two transactions never wait for each other. Returns how many
there are.';

create function private.repay_debts(profile_id uuid, lot_id bigint)
returns bigint
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_owing record;
    v_left bigint;
    v_repaid bigint := 0;
begin
    select l.remaining into v_left
    from public.credit_lots as l
    where l.profile_id = repay_debts.profile_id
        and l.id = repay_debts.lot_id
        and l.frozen_at is null
        and (l.expires_at is null or l.expires_at > now());

    for v_owing in
        select
            l.id,
            l.owed
        from public.credit_lots as l
        where l.profile_id = repay_debts.profile_id
            and l.owed > 0
        order by l.created_at, l.id
    loop
        exit when coalesce(v_left, 0) = 0;

        insert into public.credit_entries (
            profile_id, lot_id, amount, kind, debt, debt_lot_id
        )
        values (
            repay_debts.profile_id, repay_debts.lot_id, -least(v_left, v_owing.owed), 'repay',
            -least(v_left, v_owing.owed), v_owing.id
        );

        v_repaid := v_repaid + least(v_left, v_owing.owed);
        v_left := v_left - least(v_left, v_owing.owed);
    end loop;

    return v_repaid;
end;
$$;

comment on function private.repay_debts(uuid, bigint) is
'Pays a profile''s debts, the oldest first, from this lot. Returns the credits paid.';

create function private.grant_credits(
    profile_id uuid,
    amount bigint,
    source text,
    grant_key text,
    expires_at timestamptz default null,
    priority integer default 100,
    payment_id uuid default null,
    subscription_id uuid default null
)
returns boolean
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_lot_id bigint;
begin
    if grant_credits.amount = 0 or not private.lock_profile(grant_credits.profile_id) then
        return false;
    end if;

    insert into public.credit_lots (
        profile_id, source, grant_key, amount, remaining, priority, expires_at, payment_id,
        subscription_id
    )
    values (
        grant_credits.profile_id, grant_credits.source, grant_credits.grant_key,
        grant_credits.amount, grant_credits.amount, grant_credits.priority,
        grant_credits.expires_at, grant_credits.payment_id, grant_credits.subscription_id
    )
    on conflict on constraint credit_lots_grant_key_key do nothing
    returning id into v_lot_id;

    if v_lot_id is null then
        return false;
    end if;

    perform private.repay_debts(grant_credits.profile_id, v_lot_id);
    return true;
end;
$$;

comment on function private.grant_credits(
    uuid, bigint, text, text, timestamptz, integer, uuid, uuid
) is
'Gives a profile a new lot of credits; what the person owes is repaid from it at once.

True when it did; false when the key was used before, the amount is zero or there is no such
profile.';
