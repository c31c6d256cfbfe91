-- Purpose: a refusal that says when to come back.
-- Touches: functions private.refuse_for_now, private.uuid_v7_floor.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function.

create function private.refuse_for_now(
    slug text,
    detail text,
    hint text,
    retry_after_seconds integer
)
returns void
language plpgsql
volatile
set search_path = ''
as $$
begin
    -- PGRST is the SQLSTATE with which PostgREST lets an error set headers: docs.postgrest.org,
    -- "Raise errors with HTTP status codes".
    raise sqlstate 'PGRST' using
        message = jsonb_build_object(
            'code', 'PT429',
            'message', refuse_for_now.slug,
            'details', refuse_for_now.detail,
            'hint', refuse_for_now.hint
        )::text,
        detail = jsonb_build_object(
            'status', 429,
            'headers', jsonb_build_object(
                'Retry-After', greatest(refuse_for_now.retry_after_seconds, 1)::text
            )
        )::text;
end;
$$;

comment on function private.refuse_for_now(text, text, text, integer) is
'Refuses with HTTP 429 and Retry-After in seconds.';

create function private.uuid_v7_floor(instant timestamptz)
returns uuid
language plpgsql
immutable
set search_path = ''
as $$
begin
    return (
        lpad(to_hex(floor(extract(epoch from uuid_v7_floor.instant) * 1000)::bigint), 12, '0')
        || '70008000000000000000'
    )::uuid;
end;
$$;

comment on function private.uuid_v7_floor(timestamptz) is
'The lowest version 7 UUID of this millisecond: keys from it on were made then or later.';
