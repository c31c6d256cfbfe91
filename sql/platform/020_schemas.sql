-- Purpose: the schemas of a hosted project, their owners and who may use them.
-- Note:    postgres may pass on USAGE of storage and realtime, but not of auth: there a migration's
--          `grant usage on schema auth to …` warns and does nothing, as on hosted.

do $$
begin
    execute format('alter database %I owner to postgres', current_database());
    execute format('grant all on database %I to postgres', current_database());
end
$$;

alter schema public owner to pg_database_owner;
grant usage on schema public to postgres, anon, authenticated, service_role;
-- hosted takes CREATE on public from PUBLIC, as PostgreSQL 15 and later do
revoke create on schema public from public;

create schema if not exists extensions authorization supabase_admin;
grant usage on schema extensions to anon, authenticated, service_role;
grant all on schema extensions to postgres, dashboard_user;

create schema if not exists auth authorization supabase_admin;
grant all on schema auth to supabase_auth_admin, dashboard_user;
grant usage on schema auth to postgres, anon, authenticated, service_role;

create schema if not exists storage authorization supabase_admin;
grant all on schema storage to supabase_storage_admin, dashboard_user;
grant usage on schema storage to postgres with grant option;
grant usage on schema storage to anon, authenticated, service_role;

create schema if not exists realtime authorization supabase_admin;
grant all on schema realtime to supabase_realtime_admin, dashboard_user;
grant usage on schema realtime to postgres with grant option;
grant usage on schema realtime to anon, authenticated, service_role;

create schema if not exists graphql_public authorization supabase_admin;
grant usage on schema graphql_public to postgres, anon, authenticated, service_role;

create schema if not exists vault authorization supabase_admin;
grant usage on schema vault to postgres with grant option;
grant usage on schema vault to service_role;

do $$
begin
    if not exists (
        select from pg_catalog.pg_publication as p where p.pubname = 'supabase_realtime'
    ) then
        create publication supabase_realtime;
    end if;
end
$$;
alter publication supabase_realtime owner to postgres;
comment on publication supabase_realtime is
'Tables whose changes Realtime sends; a migration adds its own';
