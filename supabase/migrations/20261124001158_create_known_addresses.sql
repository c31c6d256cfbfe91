-- Purpose: recognize somebody who was deleted and signs up again, or comes with an alias.
-- Touches: table private.known_addresses, functions private.is_confirmed,
--          private.address_hashes_of, private.address_hash_of, private.claim_address,
--          private.is_known_person.
-- Locks:   share row exclusive on public.profiles, for an instant.
-- Rollout: pre.
-- Undo:    drop table private.known_addresses; drop function.

set lock_timeout = '500ms';
set statement_timeout = '2s';

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

create function private.address_hashes_of(user_id uuid)
returns table (address_hash bytea, is_confirmed boolean)
language plpgsql
stable
set search_path = ''
as $$
begin
    if private.keyed_hash('') is null then
        raise exception 'the secret thumbsmith_hash_key is missing';
    end if;

    return query
    select
        private.keyed_hash(private.normal_address(a.address)),
        a.is_confirmed
    from auth.users as u
    cross join lateral (
        values
        (nullif(u.email, ''), u.email_confirmed_at is not null, 1),
        (nullif(u.phone, ''), u.phone_confirmed_at is not null, 2)
    ) as a (address, is_confirmed, position)
    where u.id = address_hashes_of.user_id
        and a.address is not null
    order by a.is_confirmed desc, a.position;
exception
    -- Vault may be without its key, after a restore into another project for example. Then nobody
    -- is recognized, but everybody can sign up.
    when others then
        raise warning 'no address can be recognized: %', sqlerrm;
end;
$$;

comment on function private.address_hashes_of(uuid) is
'Keyed hashes of a person''s normalized e-mail address and telephone number, confirmed ones first.
Without the key of private.keyed_hash() there is a warning, and no row.';

create function private.address_hash_of(user_id uuid)
returns bytea
language sql
stable
set search_path = ''
as $$
    select a.address_hash
    from private.address_hashes_of(address_hash_of.user_id) as a
    limit 1;
$$;

comment on function private.address_hash_of(uuid) is
'Keyed hash of the address a person is known by: a confirmed one if there is any.';

create function private.claim_address(user_id uuid)
returns void
language sql
volatile
set search_path = ''
as $$
    insert into private.known_addresses (address_hash, profile_id)
    select
        a.address_hash,
        claim_address.user_id
    from private.address_hashes_of(claim_address.user_id) as a
    where a.is_confirmed
    -- Two people with the same two addresses wait for each other in one order.
    order by a.address_hash
    on conflict on constraint known_addresses_pkey do nothing;
$$;

comment on function private.claim_address(uuid) is
'Remembers confirmed addresses for the first profile that comes with them.';

create function private.is_known_person(user_id uuid)
returns boolean
language sql
stable
set search_path = ''
as $$
    select exists (
        select
        from private.known_addresses as k
        inner join private.address_hashes_of(is_known_person.user_id) as a
            on k.address_hash = a.address_hash
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
