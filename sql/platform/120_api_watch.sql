-- Purpose: PostgREST reads the schema again after every change, as on hosted.
-- Note:    temporary objects and the platform's own schemas do not count.

create or replace function extensions.pgrst_ddl_watch()
returns event_trigger
language plpgsql
set search_path = ''
as $$
begin
    if exists (
        select
        from pg_catalog.pg_event_trigger_ddl_commands() as c
        where c.schema_name is distinct from 'pg_temp'
            and coalesce(c.schema_name, '') not in ('auth', 'storage', 'realtime')
            -- a policy has no schema of its own
            and coalesce(c.object_identity, '') !~ ' on (auth|storage|realtime)\.[^ ]+$'
    ) then
        notify pgrst, 'reload schema';
    end if;
end
$$;

create or replace function extensions.pgrst_drop_watch()
returns event_trigger
language plpgsql
set search_path = ''
as $$
begin
    if exists (
        select
        from pg_catalog.pg_event_trigger_dropped_objects() as d
        where not d.is_temporary
            and coalesce(d.schema_name, '') not in ('auth', 'storage', 'realtime')
    ) then
        notify pgrst, 'reload schema';
    end if;
end
$$;

do $$
begin
    drop event trigger if exists pgrst_ddl_watch;
    create event trigger pgrst_ddl_watch
        on ddl_command_end execute function extensions.pgrst_ddl_watch();
    drop event trigger if exists pgrst_drop_watch;
    create event trigger pgrst_drop_watch
        on sql_drop execute function extensions.pgrst_drop_watch();
end
$$;
