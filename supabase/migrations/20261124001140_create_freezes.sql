-- Purpose: hold a lot back without taking it, for more than one reason at a time.
-- Touches: table private.credit_freezes, functions private.freeze_lot, private.release_lot.
-- Locks:   share row exclusive on public.credit_lots, for an instant.
-- Rollout: pre.
-- Undo:    drop table private.credit_freezes; drop function.

set lock_timeout = '500ms';
set statement_timeout = '2s';

create table private.credit_freezes (
    lot_id bigint not null,
    freeze_key text not null,
    reason text not null,
    frozen_at timestamptz not null default now(),
    released_at timestamptz,

    constraint credit_freezes_pkey primary key (lot_id, freeze_key),
    constraint credit_freezes_lot_id_fkey foreign key (lot_id) references public.credit_lots (id)
);

comment on table private.credit_freezes is
'Why a lot is or was frozen. credit_lots.frozen_at is set as long as one of these is open.';
comment on column private.credit_freezes.freeze_key is
'The dispute or the operator''s action behind it: one freeze per lot and key, for ever.';

alter table private.credit_freezes enable row level security;

create function private.freeze_lot(lot_id bigint, freeze_key text, reason text)
returns boolean
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_profile_id uuid;
begin
    select l.profile_id into v_profile_id
    from public.credit_lots as l
    where l.id = freeze_lot.lot_id;

    -- What is due to expire does so first: a release gives back what was frozen, and no more.
    if private.lock_profiles(array[v_profile_id]) > 0 then
        perform private.expire_profile_lots(v_profile_id);
    end if;

    insert into private.credit_freezes (lot_id, freeze_key, reason)
    values (freeze_lot.lot_id, freeze_lot.freeze_key, freeze_lot.reason)
    on conflict on constraint credit_freezes_pkey do nothing;

    if not found then
        return false;
    end if;

    update public.credit_lots as l
    set frozen_at = now()
    where l.id = freeze_lot.lot_id
        and l.frozen_at is null;

    return true;
end;
$$;

comment on function private.freeze_lot(bigint, text, text) is
'Keeps a lot from being burned, repaid from or expired. False when this key froze it before.';

create function private.release_lot(lot_id bigint, freeze_key text)
returns boolean
language plpgsql
volatile
set search_path = ''
as $$
begin
    perform private.lock_profiles(array(
        select l.profile_id
        from public.credit_lots as l
        where l.id = release_lot.lot_id
    ));

    update private.credit_freezes as f
    set released_at = now()
    where f.lot_id = release_lot.lot_id
        and f.freeze_key = release_lot.freeze_key
        and f.released_at is null;

    if not found then
        return false;
    end if;

    -- A lot may have expired while it was frozen: then it gets time to be used.
    update public.credit_lots as l
    set
        frozen_at = null,
        expires_at = case
            when l.expires_at <= now() then now() + s.refund_grace
            else l.expires_at
        end
    from private.settings as s
    where l.id = release_lot.lot_id
        and not exists (
            select
            from private.credit_freezes as f
            where f.lot_id = release_lot.lot_id
                and f.released_at is null
        );

    return true;
end;
$$;

comment on function private.release_lot(bigint, text) is
'Ends the freeze of this key. The lot is free again when no other holds it. False when there was
none.';
