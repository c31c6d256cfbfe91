-- Purpose: a request that was made before is answered as it was then.
-- Touches: functions private.require_idempotency_key, private.refuse_reused_key,
--          private.find_repeat.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function.

create function private.require_idempotency_key(idempotency_key uuid)
returns void
language plpgsql
stable
set search_path = ''
as $$
begin
    if require_idempotency_key.idempotency_key is null then
        raise sqlstate 'PT400' using
            message = 'idempotency_key_required',
            detail = 'The idempotency_key is missing.',
            hint = 'Make a UUID once per request, and send the same one when you try again.';
    end if;
end;
$$;

comment on function private.require_idempotency_key(uuid) is
'Refuses with PT400 idempotency_key_required.';

create function private.refuse_reused_key()
returns void
language plpgsql
-- Not immutable: whoever plans a call of it would be refused.
stable
set search_path = ''
as $$
begin
    raise sqlstate 'PT409' using
        message = 'idempotency_conflict',
        detail = 'This idempotency_key was used for another request.',
        hint = 'Make a new key for a new request.';
end;
$$;

comment on function private.refuse_reused_key() is 'Refuses with PT409 idempotency_conflict.';

create function private.find_repeat(
    profile_id uuid,
    idempotency_key uuid,
    generation_type text,
    prompt text,
    user_image_id uuid,
    options jsonb
)
returns public.generations
language plpgsql
stable
set search_path = ''
as $$
declare
    v_generation public.generations;
begin
    perform private.require_idempotency_key(find_repeat.idempotency_key);

    select g.* into v_generation
    from public.generations as g
    where g.profile_id = find_repeat.profile_id
        and g.idempotency_key = find_repeat.idempotency_key;

    if found
        and (
            v_generation.generation_type, v_generation.prompt, v_generation.user_image_id,
            v_generation.options
        )
        is distinct from (
            find_repeat.generation_type, find_repeat.prompt, find_repeat.user_image_id,
            coalesce(find_repeat.options, '{}')
        )
    then
        perform private.refuse_reused_key();
    end if;

    return v_generation;
end;
$$;

comment on function private.find_repeat(uuid, uuid, text, text, uuid, jsonb) is
'The generation that this request made before, or null. PT409 idempotency_conflict when the key made
another one; PT400 idempotency_key_required.';
