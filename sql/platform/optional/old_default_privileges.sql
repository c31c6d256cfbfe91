-- Purpose: the default privileges of projects made before exposure of new tables became opt-in:
--          everything postgres creates in public is open to the API roles.
-- Run after 040_default_privileges.sql, by choice, to prove that migrations do not depend on either
-- state.

alter default privileges for role postgres in schema public
grant all on tables to postgres, anon, authenticated, service_role;
alter default privileges for role postgres in schema public
grant all on functions to postgres, anon, authenticated, service_role;
alter default privileges for role postgres in schema public
grant all on sequences to postgres, anon, authenticated, service_role;
