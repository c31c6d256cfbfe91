-- Purpose: RPC request_generation: price, lock, burn, row and job in one transaction.
-- Touches: functions private.check_prompt, private.check_face, private.signed_in_profile,
--          private.request_generation, public.request_generation.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function.

create function private.check_prompt(prompt text)
returns text
language plpgsql
stable
set search_path = ''
as $$
declare
    -- Blank in any script: also no-break, zero-width and ideographic spaces.
    v_blank constant text :=
        '[\s\u00a0\u00ad\u180e\u2000-\u200f\u2028-\u202f\u205f-\u2064\u3000\ufeff]';
    v_prompt constant text := regexp_replace(
        check_prompt.prompt, format('^%1$s+|%1$s+$', v_blank), '', 'g'
    );
    v_max integer;
begin
    if coalesce(v_prompt, '') = '' then
        raise sqlstate 'PT422' using
            message = 'prompt_empty',
            detail = 'The prompt is empty or blank.',
            hint = 'Say what the thumbnail shows.';
    end if;

    -- Line breaks and tabs are what people type; any other control character is not.
    if v_prompt ~ '[\u0001-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]' then
        raise sqlstate 'PT422' using
            message = 'prompt_has_control_characters',
            detail = 'The prompt holds a control character.',
            hint = 'Only line breaks and tabs are taken.';
    end if;

    select s.prompt_max_characters into v_max
    from private.settings as s;

    if char_length(v_prompt) > v_max then
        raise sqlstate 'PT422' using
            message = 'prompt_too_long',
            detail = format('The prompt has %s characters, at most %s are taken.',
                char_length(v_prompt), v_max),
            hint = 'Shorten the prompt.';
    end if;

    return v_prompt;
end;
$$;

comment on function private.check_prompt(text) is
'The prompt without blanks at both ends, or PT422: prompt_empty, prompt_has_control_characters,
prompt_too_long.';

create function private.check_face(profile_id uuid, user_image_id uuid, face text)
returns void
language plpgsql
stable
set search_path = ''
as $$
begin
    if check_face.user_image_id is null then
        if check_face.face = 'required' then
            raise sqlstate 'PT422' using
                message = 'user_image_required',
                detail = 'This generation type needs a face photo.',
                hint = 'Upload one to the bucket faces and record it with add_user_image.';
        end if;
        return;
    end if;

    if check_face.face = 'none' then
        raise sqlstate 'PT422' using
            message = 'user_image_not_supported',
            detail = 'This generation type takes no face photo.',
            hint = 'Leave user_image_id out.';
    end if;

    -- One answer for absent, someone else's, deleted, expired and bytes gone: nothing to probe
    -- with.
    if not exists (
        select
        from public.user_images as i
        inner join storage.objects as o on o.bucket_id = 'faces' and i.object_path = o.name
        where i.id = check_face.user_image_id
            and i.profile_id = check_face.profile_id
            and i.deleted_at is null
            and i.expires_at > now()
    ) then
        raise sqlstate 'PT404' using
            message = 'user_image_not_found',
            detail = 'There is no such face photo.',
            hint = 'Use the id of one of your own user_images.';
    end if;
end;
$$;

comment on function private.check_face(uuid, uuid, text) is
'Whether this person may use this photo for a type that wants a face so (none, optional, required):
PT404 user_image_not_found, PT422 user_image_required, user_image_not_supported.';

create function private.signed_in_profile()
returns uuid
language plpgsql
stable
set search_path = ''
as $$
declare
    v_profile_id uuid := auth.uid();
begin
    if v_profile_id is null then
        raise sqlstate 'PT401' using
            message = 'not_signed_in',
            detail = 'This needs a signed-in person.',
            hint = 'Sign in, and send the access token.';
    end if;
    return v_profile_id;
end;
$$;

comment on function private.signed_in_profile() is
'The caller''s profile id, or PT401 not_signed_in.';

create function private.request_generation(
    generation_type text,
    prompt text,
    idempotency_key uuid,
    user_image_id uuid
)
returns public.generations
language plpgsql
volatile
-- security definer because only rules may write: the caller holds no grant on any of these tables
security definer
set search_path = ''
as $$
declare
    v_profile_id constant uuid := private.signed_in_profile();
    v_prompt constant text := private.check_prompt(request_generation.prompt);
    v_type public.generation_types;
    v_generation public.generations;
begin
    if request_generation.idempotency_key is null then
        raise sqlstate 'PT400' using
            message = 'idempotency_key_required',
            detail = 'The idempotency_key is missing.',
            hint = 'Make a UUID once per request, and send the same one when you try again.';
    end if;

    -- The lock makes calls of one person follow each other, so the look-up below cannot miss a
    -- twin.
    perform from public.profiles as p
    where p.id = v_profile_id
        and p.deleted_at is null
    for no key update;

    if not found then
        raise sqlstate 'PT401' using
            message = 'not_signed_in',
            detail = 'This account does not exist any more.',
            hint = 'Sign in again.';
    end if;

    select g.* into v_generation
    from public.generations as g
    where g.profile_id = v_profile_id
        and g.idempotency_key = request_generation.idempotency_key;

    if found then
        if (v_generation.generation_type, v_generation.prompt, v_generation.user_image_id)
            is distinct from
            (request_generation.generation_type, v_prompt, request_generation.user_image_id)
        then
            raise sqlstate 'PT409' using
                message = 'idempotency_conflict',
                detail = 'This idempotency_key was used for another request.',
                hint = 'Make a new key for a new request.';
        end if;
        return v_generation;
    end if;

    select t.* into v_type
    from public.generation_types as t
    inner join private.generation_models as m on t.type_key = m.type_key
    where t.type_key = request_generation.generation_type
        and t.is_enabled;

    if not found then
        raise sqlstate 'PT404' using
            message = 'generation_type_not_found',
            detail = 'There is no such generation type.',
            hint = 'Read generation_types for what there is.';
    end if;

    perform private.check_face(v_profile_id, request_generation.user_image_id, v_type.face);

    insert into public.generations (
        profile_id, generation_type, prompt, user_image_id, credit_cost, idempotency_key,
        deadline_at
    )
    select
        v_profile_id,
        v_type.type_key,
        v_prompt,
        request_generation.user_image_id,
        v_type.cost_credits,
        request_generation.idempotency_key,
        now() + s.generation_deadline
    from private.settings as s
    returning * into v_generation;

    perform private.spend_credits(v_profile_id, v_type.cost_credits, v_generation.id);

    insert into private.outbox (kind, generation_id)
    values ('submit', v_generation.id);

    perform private.wake_worker();

    return v_generation;
end;
$$;

comment on function private.request_generation(text, text, uuid, uuid) is
'The rule behind public.request_generation.';
grant execute on function private.request_generation(text, text, uuid, uuid) to authenticated;

create function public.request_generation(
    generation_type text,
    prompt text,
    idempotency_key uuid,
    user_image_id uuid default null
)
returns public.generations
language sql
volatile
security invoker
set search_path = ''
as $$
    select private.request_generation(
        request_generation.generation_type,
        request_generation.prompt,
        request_generation.idempotency_key,
        request_generation.user_image_id
    );
$$;

comment on function public.request_generation(text, text, uuid, uuid) is
'Ask for a thumbnail.

For signed-in people. Burns the cost of the generation type and queues the work in one
transaction, and returns the generation. The same idempotency_key returns the same generation and
burns nothing more. Refuses with PT402 insufficient_credits; PT404 generation_type_not_found,
user_image_not_found; PT409 idempotency_conflict; PT422 prompt_empty, prompt_too_long,
prompt_has_control_characters, user_image_required, user_image_not_supported.';
grant execute on function public.request_generation(text, text, uuid, uuid) to authenticated;
