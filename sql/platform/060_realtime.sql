-- Purpose: the database side of Realtime: broadcast messages land in realtime.messages.
-- Note:    nothing sends them on here; a test reads the table. As on hosted, realtime.send() turns
--          an error into a warning, so it is no queue.

create table if not exists realtime.messages (
    topic text not null,
    extension text not null,
    payload jsonb,
    event text,
    private boolean default false,
    updated_at timestamp without time zone not null default now(),
    inserted_at timestamp without time zone not null default now(),
    id uuid not null default gen_random_uuid(),
    constraint messages_pkey primary key (id, inserted_at)
) partition by range (inserted_at);

create table if not exists realtime.messages_default partition of realtime.messages default;

alter table realtime.messages owner to supabase_realtime_admin;
alter table realtime.messages_default owner to supabase_realtime_admin;
alter table realtime.messages enable row level security;
alter table realtime.messages_default enable row level security;

grant all on realtime.messages to postgres, dashboard_user;
grant select, insert, update on realtime.messages to anon, authenticated, service_role;

create or replace function realtime.topic()
returns text
language sql
stable
as $$
    select nullif(current_setting('realtime.topic', true), '')
$$;

create or replace function realtime.send(
    payload jsonb,
    event text,
    topic text,
    private boolean default true
)
returns void
language plpgsql
as $$
begin
    if jsonb_typeof(send.payload) is distinct from 'object' then
        raise exception 'the payload of a broadcast is a JSON object';
    end if;
    perform set_config('realtime.topic', send.topic, true);
    insert into realtime.messages (payload, event, topic, private, extension)
    values (send.payload, send.event, send.topic, send.private, 'broadcast');
exception
    when others then
        raise warning 'realtime.send: %', sqlerrm;
end
$$;

create or replace function realtime.broadcast_changes(
    topic_name text,
    event_name text,
    operation text,
    table_name text,
    table_schema text,
    new record,
    old record,
    level text default 'ROW'
)
returns void
language plpgsql
as $$
begin
    if level = 'STATEMENT' then
        raise exception 'broadcast_changes works for each row, not for each statement';
    end if;
    if operation not in ('INSERT', 'UPDATE', 'DELETE') then
        raise exception 'unexpected operation %', operation;
    end if;
    perform realtime.send(
        jsonb_build_object(
            'schema', table_schema,
            'table', table_name,
            'operation', operation,
            'record', new,
            'old_record', old
        ),
        event_name,
        topic_name
    );
end
$$;

alter function realtime.topic() owner to supabase_realtime_admin;

comment on table realtime.messages is
'Broadcast messages; private channels are decided by its SELECT policies';
comment on function realtime.send(jsonb, text, text, boolean) is
'Broadcasts a JSON object to a topic; errors become warnings';
