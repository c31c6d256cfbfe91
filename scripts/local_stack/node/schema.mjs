import { pathToFileURL } from 'node:url';
import { getAuthSchemaSql, getStorageSchemaSql } from '@supabase/lite';

/** The platform makes the schemas: only it may own them. */
const withoutCreateSchema = (sql) => sql.replace(/^create schema[^;]*;/gim, '');

/** What hosted's auth has and lite's lacks. */
const AUTH_ADDITIONS = `
alter table auth.users
    add column if not exists instance_id uuid,
    add column if not exists is_super_admin boolean;
create index if not exists users_instance_id_idx on auth.users (instance_id);

create table if not exists auth.instances (
    id uuid primary key,
    uuid uuid,
    raw_base_config text,
    created_at timestamptz,
    updated_at timestamptz
);

-- How a session was opened: the claim amr.
create table if not exists auth.mfa_amr_claims (
    id uuid primary key,
    session_id uuid not null references auth.sessions (id) on delete cascade,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    authentication_method text not null,
    unique (session_id, authentication_method)
);

-- No policies: only the service itself and postgres (BYPASSRLS) read these.
alter table auth.users enable row level security;
alter table auth.sessions enable row level security;
alter table auth.refresh_tokens enable row level security;
alter table auth.identities enable row level security;
alter table auth.flow_state enable row level security;
alter table auth.audit_log_entries enable row level security;
alter table auth.instances enable row level security;
alter table auth.mfa_amr_claims enable row level security;
`;

/** What hosted's storage has and lite's lacks. */
const STORAGE_ADDITIONS = `
do $$
begin
    if to_regtype('storage.buckettype') is null then
        create type storage.buckettype as enum ('STANDARD', 'ANALYTICS', 'VECTOR');
    end if;
end
$$;

alter table storage.buckets
    add column if not exists avif_autodetection boolean default false,
    add column if not exists type storage.buckettype not null default 'STANDARD',
    add column if not exists versioning_status text not null default 'DISABLED'
        check (versioning_status in ('DISABLED', 'ENABLED', 'SUSPENDED'));
alter table storage.objects
    add column if not exists archived_at timestamptz,
    add column if not exists is_delete_marker boolean not null default false,
    add column if not exists is_versioned boolean not null default false;
create index if not exists objects_bucket_id_name_lower_idx
    on storage.objects (bucket_id, (lower(name) collate "C"));

-- Rows go through the service, which knows the file behind each; by hand they would orphan it.
create or replace function storage.protect_delete()
returns trigger
language plpgsql
set search_path = ''
as $$
declare
    v_allowed constant text := pg_catalog.current_setting('storage.allow_delete_query', true);
begin
    if coalesce(v_allowed, 'false') <> 'true' then
        raise exception using
            errcode = '42501',
            message = 'Direct deletion from storage tables is not allowed. Use the Storage API instead.',
            hint = 'The file itself would stay behind.';
    end if;
    return null;
end
$$;
create or replace trigger protect_buckets_delete
    before delete on storage.buckets
    for each statement execute function storage.protect_delete();
create or replace trigger protect_objects_delete
    before delete on storage.objects
    for each statement execute function storage.protect_delete();

create or replace function storage.set_updated_at()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
    new.updated_at := pg_catalog.now();
    return new;
end
$$;
create or replace trigger update_objects_updated_at
    before update on storage.objects
    for each row execute function storage.set_updated_at();
`;

/**
 * The tables of one service as SQL, to be run as that service's own role.
 *
 * @param {string} service `auth` or `storage`
 */
export function schemaSql(service) {
  if (service === 'auth') return withoutCreateSchema(getAuthSchemaSql()) + AUTH_ADDITIONS;
  if (service === 'storage') return withoutCreateSchema(getStorageSchemaSql()) + STORAGE_ADDITIONS;
  throw new Error('usage: schema.mjs auth|storage');
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  process.stdout.write(schemaSql(process.argv[2]));
}
