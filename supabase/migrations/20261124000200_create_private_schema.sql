-- Purpose: a room for everything that the API must never serve.
-- Touches: schema private, role thumbsmith_sidecar.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop schema private cascade; drop role thumbsmith_sidecar.

create schema private;

comment on schema private is
'Rules and internals. Never listed in [api].schemas: only functions granted one by one are
reachable.';

revoke all on schema private from public;

-- Exposed RPCs are security invoker and call a definer function here, so the caller needs USAGE.
-- USAGE alone opens nothing: every table and function in here is granted one by one, or not at all.
grant usage on schema private to authenticated;

-- A role belongs to the whole server, not to one database: it may be there already.
do $$
begin
    if not exists (select from pg_roles as r where r.rolname = 'thumbsmith_sidecar') then
        create role thumbsmith_sidecar with nologin noinherit;
    end if;
end;
$$;

-- The operator gives it a login and a password: alter role thumbsmith_sidecar with login password
-- '…'.
comment on role thumbsmith_sidecar is
'The sidecar: EXECUTE on a short list of functions in private, no table, no BYPASSRLS.';

grant usage on schema private to thumbsmith_sidecar;
