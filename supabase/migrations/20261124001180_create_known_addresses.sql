-- Purpose: recognise somebody who was deleted and signs up again, or comes with an alias.
-- Touches: table private.known_addresses, functions private.is_confirmed,
--          private.address_hash_of, private.claim_address, private.is_known_person.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop table private.known_addresses; drop function.

create table private.known_addresses (
    address_hash bytea not null,
    profile_id uuid not null,
    claimed_at timestamptz not null default now(),

    constraint known_addresses_pkey primary key (address_hash),
    constraint known_addresses_profile_id_fkey
    foreign key (profile_id) references public.profiles (id)
);

create index known_addresses_profile_id_idx on private.known_addresses (profile_id);

comment on table private.known_addresses is
'Which profile first confirmed an address, by its keyed hash: never the address itself. Rows outlive
the account, so that gifts are given once.';

alter table private.known_addresses enable row level security;

create function private.is_confirmed(user_id uuid)
returns boolean
language sql
stable
set search_path = ''
as $$
    select exists (
        select
        from auth.users as u
        where u.id = is_confirmed.user_id
            and not coalesce(u.is_anonymous, false)
            and coalesce(u.email_confirmed_at, u.phone_confirmed_at) is not null
    );
$$;

comment on function private.is_confirmed(uuid) is
'Whether there is a person with a confirmed address behind this id.';

create function private.address_hash_of(user_id uuid)
returns bytea
language plpgsql
stable
set search_path = ''
as $$
begin
    return (
        select private.keyed_hash(
            private.normal_address(coalesce(nullif(u.email, ''), nullif(u.phone, '')))
        )
        from auth.users as u
        where u.id = address_hash_of.user_id
    );
exception
    -- Vault may be without its key, after a restore into another project for example. Then nobody
    -- is recognised, but everybody can sign up.
    when others then
        raise warning 'no address can be recognised: %', sqlerrm;
        return null;
end;
$$;

comment on function private.address_hash_of(uuid) is
'Keyed hash of a person''s normalised e-mail address, or telephone number; null when there is
none.';

create function private.claim_address(user_id uuid)
returns void
language sql
volatile
set search_path = ''
as $$
    insert into private.known_addresses (address_hash, profile_id)
    select a.address_hash, claim_address.user_id
    from (select private.address_hash_of(claim_address.user_id) as address_hash) as a
    where a.address_hash is not null
    on conflict on constraint known_addresses_pkey do nothing;
$$;

comment on function private.claim_address(uuid) is
'Remembers a confirmed address for the first profile that comes with it.';

create function private.is_known_person(user_id uuid)
returns boolean
language sql
stable
set search_path = ''
as $$
    select exists (
        select
        from private.known_addresses as k
        where k.address_hash = private.address_hash_of(is_known_person.user_id)
    )
    -- Whoever was first with one address may move to any other.
    and not exists (
        select
        from private.known_addresses as k
        where k.profile_id = is_known_person.user_id
    );
$$;

comment on function private.is_known_person(uuid) is
'Whether another profile confirmed the address of this person before, and this one was never first
with any.';
