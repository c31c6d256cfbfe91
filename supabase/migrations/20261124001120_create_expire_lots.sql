-- Purpose: credits whose time has come leave the balance.
-- Touches: functions private.expire_profile_lots, private.expire_lots.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function.

create function private.expire_profile_lots(profile_id uuid)
returns integer
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_expired integer;
begin
    insert into public.credit_entries (profile_id, lot_id, amount, kind)
    select
        l.profile_id,
        l.id,
        -l.remaining,
        'expire'
    from public.credit_lots as l
    where l.profile_id = expire_profile_lots.profile_id
        and l.exhausted_at is null
        and l.frozen_at is null
        and l.expires_at <= now()
    order by l.expires_at, l.created_at, l.id;

    get diagnostics v_expired = row_count;
    return v_expired;
end;
$$;

comment on function private.expire_profile_lots(uuid) is
'Writes the expiry of one profile''s lots that are due. The caller holds the profile''s lock.';

create function private.expire_lots(max_lots integer default 500)
returns integer
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_profile_id uuid;
    v_expired integer := 0;
begin
    -- Read without a lock, then locked one by one, in id order.
    for v_profile_id in
        select d.profile_id
        from (
            select l.profile_id
            from public.credit_lots as l
            where l.exhausted_at is null
                and l.frozen_at is null
                and l.expires_at <= now()
            order by l.expires_at
            limit expire_lots.max_lots
        ) as d
        group by d.profile_id
        order by d.profile_id
    loop
        -- Somebody who is busy is left for the next sweep: expired credits cannot be spent anyway.
        perform
        from public.profiles as p
        where p.id = v_profile_id
        for no key update skip locked;

        if found then
            v_expired := v_expired + private.expire_profile_lots(v_profile_id);
        end if;
    end loop;

    return v_expired;
end;
$$;

comment on function private.expire_lots(integer) is
'Writes the expiry of lots that are due, of at most so many profiles. Returns how many lots.';
