-- Purpose: who may touch the tables of Auth. Run after Auth's own schema.
-- Note:    postgres has everything on them but their ownership; the API roles have nothing.

grant all on all tables in schema auth to postgres, dashboard_user;
grant all on all sequences in schema auth to postgres, dashboard_user;
grant select on all tables in schema auth to postgres with grant option;
revoke all on all tables in schema auth from anon, authenticated, service_role;
