-- Purpose: start from nothing: no role may touch an object that a later file does not grant to it.
-- Touches: default privileges of the role that applies migrations (postgres).
-- Locks:   none.
-- Rollout: pre.
-- Undo:    alter default privileges … grant, as the platform had them.

-- The platform has had two defaults: the old one grants everything in public to the API roles, the
-- new one leaves TRUNCATE, REFERENCES, TRIGGER and MAINTAIN behind. Both end here.
alter default privileges for role postgres in schema public
revoke all on tables from public, anon, authenticated, service_role;

alter default privileges for role postgres in schema public
revoke all on sequences from public, anon, authenticated, service_role;

alter default privileges for role postgres in schema public
revoke all on functions from public, anon, authenticated, service_role;

-- PUBLIC's EXECUTE is a global default: only a revoke without `in schema` takes it away.
alter default privileges for role postgres
revoke execute on functions from public;

alter default privileges for role postgres
revoke usage on types from public;
