-- Purpose: a stand-in for the extension supabase_vault: same table, view, functions and grants.
-- Note:    hosted keeps the key outside the database; here it stands in vault.local_key. Good for
--          tests, no protection for real secrets.

create table if not exists vault.secrets (
    id uuid not null default gen_random_uuid(),
    name text,
    description text not null default '',
    secret text not null,
    key_id uuid,
    nonce bytea default gen_random_uuid()::text::bytea,
    created_at timestamptz not null default current_timestamp,
    updated_at timestamptz not null default current_timestamp,
    constraint secrets_pkey primary key (id)
);
create unique index if not exists secrets_name_idx on vault.secrets (name) where name is not null;

create table if not exists vault.local_key (
    key text not null,
    is_only boolean not null default true,
    constraint local_key_pkey primary key (is_only),
    constraint local_key_is_one_row check (is_only)
);
insert into vault.local_key (key)
values (encode(extensions.gen_random_bytes(32), 'hex'))
on conflict do nothing;

create or replace function vault.local_decrypt(encrypted text)
returns text
language sql
stable
security definer
set search_path = ''
as $$
    select extensions.pgp_sym_decrypt(pg_catalog.decode(encrypted, 'base64'), k.key)
    from vault.local_key as k
$$;

create or replace function vault.create_secret(
    new_secret text,
    new_name text default null,
    new_description text default '',
    new_key_id uuid default null
)
returns uuid
language sql
security definer
set search_path = ''
as $$
    insert into vault.secrets (secret, name, description, key_id)
    select
        pg_catalog.encode(extensions.pgp_sym_encrypt(new_secret, k.key), 'base64'),
        new_name,
        coalesce(new_description, ''),
        new_key_id
    from vault.local_key as k
    returning id
$$;

create or replace function vault.update_secret(
    secret_id uuid,
    new_secret text default null,
    new_name text default null,
    new_description text default null,
    new_key_id uuid default null
)
returns void
language sql
security definer
set search_path = ''
as $$
    update vault.secrets as s
    set
        secret = coalesce(
            (
                select pg_catalog.encode(extensions.pgp_sym_encrypt(new_secret, k.key), 'base64')
                from vault.local_key as k
                where new_secret is not null
            ),
            s.secret
        ),
        name = coalesce(new_name, s.name),
        description = coalesce(new_description, s.description),
        key_id = coalesce(new_key_id, s.key_id),
        updated_at = current_timestamp
    where s.id = secret_id
$$;

create or replace view vault.decrypted_secrets as
select
    s.id,
    s.name,
    s.description,
    s.secret,
    vault.local_decrypt(s.secret) as decrypted_secret,
    s.key_id,
    s.nonce,
    s.created_at,
    s.updated_at
from vault.secrets as s;

revoke all on all tables in schema vault from public, anon, authenticated, service_role, postgres;
revoke all on all functions in schema vault from public, anon, authenticated;
grant select, delete, truncate, references
on vault.secrets, vault.decrypted_secrets to postgres with grant option;
grant select, delete on vault.secrets, vault.decrypted_secrets to service_role;
grant execute on function
vault.create_secret(text, text, text, uuid),
vault.update_secret(uuid, text, text, text, uuid),
vault.local_decrypt(text) to postgres with grant option;
grant execute on function
vault.create_secret(text, text, text, uuid),
vault.update_secret(uuid, text, text, text, uuid),
vault.local_decrypt(text) to service_role;

comment on table vault.secrets is 'Secrets at rest, encrypted';
comment on view vault.decrypted_secrets is 'Secrets in clear, for those who may read them';
