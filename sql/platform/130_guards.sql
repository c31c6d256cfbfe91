-- Purpose: postgres may do to Auth's, Storage's and Realtime's objects what hosted lets it do, and
--          no more.
-- How:     hosted uses the extension supautils. Here postgres inherits from the three owners,
--          without being able to become them, so that policies and dropped triggers pass; two event
--          triggers refuse everything else.
-- Last:    this file runs last, since it also binds what runs after it.

do $$
begin
    grant supabase_auth_admin, supabase_storage_admin, supabase_realtime_admin to postgres
        with inherit true, set false;
end
$$;

create or replace function extensions.is_managed_table(table_name text)
returns boolean
language sql
immutable
set search_path = ''
as $$
    -- the tables on which hosted lets postgres manage policies and drop triggers
    select table_name = any (array[
        'auth.audit_log_entries', 'auth.flow_state', 'auth.identities', 'auth.instances',
        'auth.mfa_amr_claims', 'auth.mfa_challenges', 'auth.mfa_factors', 'auth.oauth_clients',
        'auth.one_time_tokens', 'auth.refresh_tokens', 'auth.saml_providers',
        'auth.saml_relay_states', 'auth.sessions', 'auth.sso_domains', 'auth.sso_providers',
        'auth.users',
        'realtime.messages', 'realtime.subscription',
        'storage.buckets', 'storage.buckets_analytics', 'storage.objects', 'storage.prefixes',
        'storage.s3_multipart_uploads', 'storage.s3_multipart_uploads_parts'
    ])
$$;

create or replace function extensions.guard_managed_ddl()
returns event_trigger
language plpgsql
set search_path = ''
as $$
declare
    v_command record;
begin
    if current_user <> 'postgres' then
        return;
    end if;
    for v_command in
        select
            c.command_tag,
            c.object_type,
            c.object_identity,
            -- the table: the end of `policy on schema.table`
            substring(c.object_identity from '((?:auth|storage|realtime)\.[^ (.]+)$') as target
        from pg_catalog.pg_event_trigger_ddl_commands() as c
        where c.schema_name in ('auth', 'storage', 'realtime')
            or c.object_identity ~ ' on (auth|storage|realtime)\.[^ ]+$'
            or (c.command_tag = 'COMMENT' and c.object_identity in ('auth', 'storage', 'realtime'))
    loop
        -- A trigger needs only the privilege TRIGGER, which was checked already.
        if v_command.command_tag in ('CREATE TRIGGER', 'GRANT', 'REVOKE') then
            continue;
        end if;
        if v_command.command_tag in ('CREATE POLICY', 'ALTER POLICY')
            and extensions.is_managed_table(v_command.target) then
            continue;
        end if;
        raise exception 'must be owner of % %', v_command.object_type, v_command.object_identity
            using errcode = '42501', hint = 'Auth, Storage and Realtime belong to the platform.';
    end loop;
end
$$;

create or replace function extensions.guard_managed_drop()
returns event_trigger
language plpgsql
set search_path = ''
as $$
declare
    v_object record;
begin
    if current_user <> 'postgres' then
        return;
    end if;
    for v_object in
        select
            d.object_type,
            d.object_identity,
            d.address_names[1] || '.' || d.address_names[2] as target
        from pg_catalog.pg_event_trigger_dropped_objects() as d
        where d.original
            and (d.schema_name in ('auth', 'storage', 'realtime')
                or d.object_identity in ('auth', 'storage', 'realtime')
                or d.object_identity ~ ' on (auth|storage|realtime)\.[^ ]+$')
    loop
        if v_object.object_type in ('policy', 'trigger')
            and extensions.is_managed_table(v_object.target) then
            continue;
        end if;
        raise exception 'must be owner of % %', v_object.object_type, v_object.object_identity
            using errcode = '42501', hint = 'Auth, Storage and Realtime belong to the platform.';
    end loop;
end
$$;

do $$
begin
    drop event trigger if exists guard_managed_ddl;
    create event trigger guard_managed_ddl
        on ddl_command_end execute function extensions.guard_managed_ddl();
    drop event trigger if exists guard_managed_drop;
    create event trigger guard_managed_drop
        on sql_drop execute function extensions.guard_managed_drop();
end
$$;

comment on function extensions.guard_managed_ddl() is
'Refuses to postgres what hosted refuses on the schemas of the platform';
comment on function extensions.guard_managed_drop() is
'Refuses to postgres the drops that hosted refuses';
