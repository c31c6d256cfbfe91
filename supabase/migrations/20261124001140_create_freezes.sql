-- Purpose: hold a lot back without taking it, for more than one reason at a time.
-- Touches: table private.credit_freezes, functions private.freeze_lot, private.release_lot.
-- Locks:   share row exclusive on public.credit_lots, for an instant.
-- Rollout: pre.
-- Undo:    drop table private.credit_freezes; drop function.

set lock_timeout = '500ms';
set statement_timeout = '2s';

create table private.credit_freezes (
    profile_id uuid not null,
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
comment on column private.credit_freezes.profile_id is 'Whose lot it is.';
comment on column private.credit_freezes.freeze_key is
'The dispute or the operator''s action behind it: one freeze per lot and key, for ever.';

alter table private.credit_freezes enable row level security;

create function private.freeze_lot(
    profile_id uuid,
    lot_id bigint,
    freeze_key text,
    reason text
)
returns boolean
language plpgsql
volatile
set search_path = ''
as $$
begin
    -- What is due to expire does so first: a release gives back what was frozen, and no more.
    if private.lock_profile(freeze_lot.profile_id) then
        perform private.expire_profile_lots(freeze_lot.profile_id);
    end if;

    insert into private.credit_freezes (profile_id, lot_id, freeze_key, reason)
    values (
        freeze_lot.profile_id, freeze_lot.lot_id, freeze_lot.freeze_key, freeze_lot.reason
    )
    on conflict on constraint credit_freezes_pkey do nothing;

    if not found then
        return false;
    end if;

    update public.credit_lots as l
    set frozen_at = now()
    where l.profile_id = freeze_lot.profile_id
        and l.id = freeze_lot.lot_id
        and l.frozen_at is null;

    return true;
end;
$$;

comment on function private.freeze_lot(uuid, bigint, text, text) is
'Keeps a lot from being burned, repaid from or expired. False when this key froze it before.';

create function private.release_lot(profile_id uuid, lot_id bigint, freeze_key text)
returns boolean
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_grace_ends_at timestamptz;
begin
    perform private.lock_profile(release_lot.profile_id);

    update private.credit_freezes as f
    set released_at = now()
    where f.profile_id = release_lot.profile_id
        and f.lot_id = release_lot.lot_id
        and f.freeze_key = release_lot.freeze_key
        and f.released_at is null;

    if not found then
        return false;
    end if;

    if exists (
        select
        from private.credit_freezes as f
        where f.profile_id = release_lot.profile_id
            and f.lot_id = release_lot.lot_id
            and f.released_at is null
    ) then
        return true;
    end if;

    update public.credit_lots as l
    set frozen_at = null
    where l.profile_id = release_lot.profile_id
        and l.id = release_lot.lot_id;

    select now() + s.refund_grace into v_grace_ends_at
    from private.settings as s;

    -- A lot may have expired while it was frozen: then it gets time to be used.
    update public.credit_lots as l
    set expires_at = v_grace_ends_at
    where l.profile_id = release_lot.profile_id
        and l.id = release_lot.lot_id
        and l.expires_at <= now();

    return true;
end;
$$;

comment on function private.release_lot(uuid, bigint, text) is
'Ends the freeze of this key. The lot is free again when no other holds it. False when there was
none.';
