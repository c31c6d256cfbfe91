-- Purpose: what a request for a thumbnail has to pass before anything is written.
-- Touches: functions private.check_prompt, private.check_face, private.price_generation,
--          private.find_repeat, private.find_generation_type, private.refuse_reused_key,
--          private.require_idempotency_key.
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

    -- One answer for absent, someone else's, removed, expired and bytes gone: nothing to probe
    -- with.
    if not exists (
        select
        from public.user_images as i
        inner join storage.objects as o on o.bucket_id = 'faces' and i.object_path = o.name
        where i.id = check_face.user_image_id
            and i.profile_id = check_face.profile_id
            and i.removed_at is null
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

create function private.price_generation(
    profile_id uuid,
    generation_type text,
    cost_credits bigint,
    pay_with_credits boolean
)
returns uuid
language plpgsql
stable
set search_path = ''
as $$
declare
    v_cover constant private.plan_cover := private.plan_cover_of(
        price_generation.profile_id, price_generation.generation_type
    );
begin
    if v_cover.uses_left > 0 then
        return v_cover.subscription_id;
    end if;

    -- Never a surprise: what the plan would have covered costs credits only if the person says so.
    if v_cover.subscription_id is not null and not price_generation.pay_with_credits then
        raise sqlstate 'PT402' using
            message = 'fair_use_reached',
            detail = format(
                'The fair use of your plan is reached until %s. This costs %s credits now.',
                to_char(v_cover.next_use_at at time zone 'utc', 'YYYY-MM-DD HH24:MI "UTC"'),
                price_generation.cost_credits
            ),
            hint = 'Wait until then, or send pay_with_credits = true.';
    end if;

    return null;
end;
$$;

comment on function private.price_generation(uuid, text, bigint, boolean) is
'The subscription that covers this picture; null when it costs credits. PT402 fair_use_reached when
the plan covers no more for now and the person has not agreed to pay.';

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

create function private.find_generation_type(type_key text)
returns public.generation_types
language plpgsql
stable
set search_path = ''
as $$
declare
    v_type public.generation_types;
begin
    select t.* into v_type
    from public.generation_types as t
    where t.type_key = find_generation_type.type_key
        and t.is_enabled
        and exists (
            select
            from private.generation_models as m
            where m.type_key = t.type_key
                and m.is_enabled
        );

    if not found then
        raise sqlstate 'PT404' using
            message = 'generation_type_not_found',
            detail = 'There is no such generation type.',
            hint = 'Read generation_types for what there is.';
    end if;

    return v_type;
end;
$$;

comment on function private.find_generation_type(text) is
'The type that is for sale under this key, or PT404 generation_type_not_found.';
