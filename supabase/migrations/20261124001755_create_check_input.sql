-- Purpose: what a prompt and a photo have to be.
-- Touches: functions private.check_prompt, private.check_user_image.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function.

create function private.check_prompt(prompt text, max_characters integer)
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

    if char_length(v_prompt) > check_prompt.max_characters then
        raise sqlstate 'PT422' using
            message = 'prompt_too_long',
            detail = format('The prompt has %s characters, at most %s are taken.',
                char_length(v_prompt), check_prompt.max_characters),
            hint = 'Shorten the prompt.';
    end if;

    return v_prompt;
end;
$$;

comment on function private.check_prompt(text, integer) is
'The prompt without blanks at both ends, or PT422: prompt_empty, prompt_has_control_characters,
prompt_too_long.';

create function private.check_user_image(profile_id uuid, user_image_id uuid, user_image text)
returns void
language plpgsql
stable
set search_path = ''
as $$
declare
    v_object_path text;
begin
    if check_user_image.user_image_id is null then
        if check_user_image.user_image = 'required' then
            raise sqlstate 'PT422' using
                message = 'user_image_required',
                detail = 'This generation type needs a face photo.',
                hint = 'Upload one to the bucket faces and record it with add_user_image.';
        end if;
        return;
    end if;

    if check_user_image.user_image = 'none' then
        raise sqlstate 'PT422' using
            message = 'user_image_not_supported',
            detail = 'This generation type takes no face photo.',
            hint = 'Leave user_image_id out.';
    end if;

    select i.object_path into v_object_path
    from public.user_images as i
    where i.profile_id = check_user_image.profile_id
        and i.id = check_user_image.user_image_id
        and i.removed_at is null
        and i.expires_at > now();

    -- One answer for absent, someone else's, removed, expired and bytes gone: nothing to probe
    -- with.
    if not exists (
        select
        from storage.objects as o
        where o.bucket_id = 'faces'
            and o.name = v_object_path
    ) then
        raise sqlstate 'PT404' using
            message = 'user_image_not_found',
            detail = 'There is no such face photo.',
            hint = 'Use the id of one of your own user_images.';
    end if;
end;
$$;

comment on function private.check_user_image(uuid, uuid, text) is
'Whether this person may use this photo for a type that wants a face so (none, optional, required):
PT404 user_image_not_found, PT422 user_image_required, user_image_not_supported.';
