-- Purpose: the only three ways a balance changes: grant, spend, refund of a spend.
-- Touches: functions private.grant_credits, private.spend_credits, private.refund_generation.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function.

-- Whoever holds the profile's row lock may change its lots. All three take it first.

create function private.grant_credits(
    profile_id uuid,
    amount bigint,
    source text,
    grant_key text,
    expires_at timestamptz default null,
    priority smallint default 100
)
returns boolean
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_profile public.profiles;
    v_lot_id bigint;
begin
    if grant_credits.amount = 0 then
        return false;
    end if;

    select p.* into v_profile
    from public.profiles as p
    where p.id = grant_credits.profile_id
    for no key update;

    if not found then
        return false;
    end if;

    insert into public.credit_lots (
        profile_id, source, grant_key, amount, remaining, priority, expires_at
    )
    values (
        v_profile.id, grant_credits.source, grant_credits.grant_key, grant_credits.amount,
        grant_credits.amount, grant_credits.priority, grant_credits.expires_at
    )
    on conflict on constraint credit_lots_grant_key_key do nothing
    returning id into v_lot_id;

    if v_lot_id is null then
        return false;
    end if;

    update public.profiles as p
    set
        credits = p.credits + grant_credits.amount,
        entry_count = p.entry_count + 1
    where p.id = v_profile.id;

    insert into public.credit_entries (
        profile_id, entry_number, lot_id, amount, kind, balance_after
    )
    values (
        v_profile.id, v_profile.entry_count + 1, v_lot_id, grant_credits.amount, 'grant',
        v_profile.credits + grant_credits.amount
    );

    return true;
end;
$$;

comment on function private.grant_credits(uuid, bigint, text, text, timestamptz, smallint) is
'Gives a profile a new lot of credits and writes the entry.

True when it did; false when the key was used before, the amount is zero or there is no such
profile.';

create function private.spend_credits(profile_id uuid, amount bigint, generation_id uuid)
returns void
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_profile public.profiles;
    v_lot record;
    v_take bigint;
    v_left bigint := spend_credits.amount;
    v_touched bigint := 0;
begin
    select p.* into v_profile
    from public.profiles as p
    where p.id = spend_credits.profile_id
    for no key update;

    for v_lot in
        select
            l.id,
            l.remaining
        from public.credit_lots as l
        where l.profile_id = v_profile.id
            and l.exhausted_at is null
            and l.frozen_at is null
            and (l.expires_at is null or l.expires_at > now())
        order by l.priority, l.expires_at, l.id
    loop
        exit when v_left = 0;
        v_take := least(v_lot.remaining, v_left);
        v_left := v_left - v_take;
        v_touched := v_touched + 1;

        update public.credit_lots as l
        set
            remaining = l.remaining - v_take,
            exhausted_at = case when l.remaining = v_take then now() end
        where l.id = v_lot.id;

        insert into public.credit_entries (
            profile_id, entry_number, lot_id, amount, kind, generation_id, balance_after
        )
        values (
            v_profile.id, v_profile.entry_count + v_touched, v_lot.id, -v_take, 'spend',
            spend_credits.generation_id, v_profile.credits - (spend_credits.amount - v_left)
        );
    end loop;

    if v_left > 0 then
        raise sqlstate 'PT402' using
            message = 'insufficient_credits',
            detail = format(
                'It costs %s credits and %s are missing.', spend_credits.amount, v_left
            ),
            hint = 'Buy credits, or ask for a cheaper generation type.';
    end if;

    update public.profiles as p
    set
        credits = p.credits - spend_credits.amount,
        entry_count = p.entry_count + v_touched
    where p.id = v_profile.id;
end;
$$;

comment on function private.spend_credits(uuid, bigint, uuid) is
'Burns credits for a generation from the open lots in burn order, one entry per lot, or raises
PT402 insufficient_credits and changes nothing.';

create function private.refund_generation(generation_id uuid)
returns bigint
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_profile public.profiles;
    v_spent record;
    v_refunded bigint := 0;
    v_touched bigint := 0;
begin
    select p.* into v_profile
    from public.generations as g
    inner join public.profiles as p on g.profile_id = p.id
    where g.id = refund_generation.generation_id
    for no key update of p;

    -- Each lot gets back exactly what this generation took from it. A second refund of the same
    -- generation violates credit_entries_generation_id_lot_id_kind_key.
    for v_spent in
        select
            e.lot_id,
            -e.amount as amount
        from public.credit_entries as e
        where e.generation_id = refund_generation.generation_id
            and e.kind = 'spend'
        order by e.lot_id
    loop
        v_refunded := v_refunded + v_spent.amount;
        v_touched := v_touched + 1;

        update public.credit_lots as l
        set
            remaining = l.remaining + v_spent.amount,
            exhausted_at = null
        where l.id = v_spent.lot_id;

        insert into public.credit_entries (
            profile_id, entry_number, lot_id, amount, kind, generation_id, balance_after
        )
        values (
            v_profile.id, v_profile.entry_count + v_touched, v_spent.lot_id, v_spent.amount,
            'refund', refund_generation.generation_id, v_profile.credits + v_refunded
        );
    end loop;

    update public.profiles as p
    set
        credits = p.credits + v_refunded,
        entry_count = p.entry_count + v_touched
    where p.id = v_profile.id
        and v_touched > 0;

    return v_refunded;
end;
$$;

comment on function private.refund_generation(uuid) is
'Gives what a generation burned back to the lots it came from, once. Returns the credits given
back.';
