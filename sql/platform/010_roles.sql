-- Purpose: the roles of a hosted project, their attributes, memberships and settings.
-- Needs:   the superuser supabase_admin, which is the bootstrap user of the cluster (initdb -U
--          supabase_admin).
-- Note:    `postgres` runs the migrations and is not a superuser; BYPASSRLS is what makes it
--          powerful.

do $$
declare
    v_given constant text := current_setting('platform.password', true);
    v_password constant text := coalesce(nullif(v_given, ''), 'postgres');
    v_role record;
begin
    if session_user = 'postgres' then
        raise exception 'run this as supabase_admin: postgres must not be a superuser here';
    end if;

    for v_role in
        select
            r.name,
            r.attributes
        from (
            values
                ('postgres', 'login createrole createdb replication bypassrls nosuperuser'),
                ('anon', 'nologin'),
                ('authenticated', 'nologin'),
                ('service_role', 'nologin bypassrls'),
                ('authenticator', 'login noinherit'),
                ('supabase_auth_admin', 'login noinherit createrole'),
                ('supabase_storage_admin', 'login noinherit createrole'),
                ('supabase_realtime_admin', 'nologin noinherit'),
                ('supabase_functions_admin', 'login noinherit createrole'),
                ('supabase_replication_admin', 'login replication'),
                ('supabase_read_only_user', 'login bypassrls'),
                ('supabase_etl_admin', 'login replication'),
                ('dashboard_user', 'nologin createdb createrole replication'),
                ('pgbouncer', 'login')
        ) as r (name, attributes)
    loop
        if not exists (select from pg_catalog.pg_roles as p where p.rolname = v_role.name) then
            execute format('create role %I', v_role.name);
            if v_role.attributes like 'login%' then
                execute format('alter role %I password %L', v_role.name, v_password);
            end if;
        end if;
        execute format('alter role %I with %s', v_role.name, v_role.attributes);
    end loop;
end
$$;

grant anon to authenticator;
grant authenticated to authenticator;
grant service_role to authenticator;
grant authenticator to supabase_storage_admin;
grant anon to postgres with admin option;
grant authenticated to postgres with admin option;
grant service_role to postgres with admin option;
grant authenticator to postgres with admin option;
grant pg_monitor to postgres with admin option;
grant pg_read_all_data to postgres with admin option;
grant pg_signal_backend to postgres with admin option;
grant pg_create_subscription to postgres;
grant pg_read_all_data to supabase_read_only_user, supabase_etl_admin;

-- PostgREST applies the settings of the role it takes on: these are the real limits of an RPC.
alter role anon set statement_timeout = '3s';
alter role authenticated set statement_timeout = '8s';
alter role authenticator set statement_timeout = '8s';
alter role authenticator set lock_timeout = '8s';

-- The escaped dollar sign is the platform's own slip: postgres has no "$user" schema in its path.
alter role postgres set search_path = "\$user", public, extensions; -- noqa: RF05
alter role supabase_admin set search_path = "$user", public, auth, extensions; -- noqa: RF05
alter role supabase_admin set log_statement = 'none';
alter role supabase_auth_admin set search_path = auth;
alter role supabase_auth_admin set idle_in_transaction_session_timeout = 60000;
alter role supabase_auth_admin set log_statement = 'none';
alter role supabase_storage_admin set search_path = storage;
alter role supabase_storage_admin set log_statement = 'none';

-- What hosted lets postgres set although it is no superuser.
do $$
begin
    grant set on parameter session_replication_role to postgres;
    grant set on parameter pgrst.db_schemas to postgres;
    grant set on parameter pgrst.db_extra_search_path to postgres;
    grant set on parameter pgrst.db_max_rows to postgres;
    grant set on parameter pgrst.db_pre_request to postgres;
    grant set on parameter pgrst.db_aggregates_enabled to postgres;
    grant set on parameter pgrst.jwt_aud to postgres;
end
$$;
