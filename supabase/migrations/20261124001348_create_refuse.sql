-- Purpose: a refusal that is an answer, so that what it wrote stays.
-- Touches: function private.refuse.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function.

create function private.refuse(
    status integer,
    slug text,
    detail text,
    hint text,
    retry_after_seconds integer default null
)
returns jsonb
language plpgsql
volatile
set search_path = ''
as $$
begin
    -- An exception would roll back what the refusal has to leave behind, a counted guess for
    -- example. PostgREST reads these two settings: postgrest.org, "Transaction-scoped settings".
    perform set_config('response.status', refuse.status::text, true);

    if refuse.retry_after_seconds is not null then
        perform set_config(
            'response.headers',
            jsonb_build_array(
                jsonb_build_object('Retry-After', refuse.retry_after_seconds::text)
            )::text,
            true
        );
    end if;

    return jsonb_build_object(
        'code', 'PT' || refuse.status,
        'message', refuse.slug,
        'details', refuse.detail,
        'hint', refuse.hint
    );
end;
$$;

comment on function private.refuse(integer, text, text, text, integer) is
'A refusal that is committed: the HTTP status for PostgREST, and the error as it would say it.';
