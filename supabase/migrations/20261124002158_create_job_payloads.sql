-- Purpose: what the sidecar needs to know for a job.
-- Touches: functions private.submit_payload, private.attempt_payload, private.job_payload.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function.

create function private.submit_payload(attempt private.generation_attempts)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
declare
    v_generation public.generations;
    v_image_path text;
    v_model record;
begin
    select g.* into v_generation
    from public.generations as g
    where g.profile_id = submit_payload.attempt.profile_id
        and g.id = submit_payload.attempt.generation_id;

    select i.object_path into v_image_path
    from public.user_images as i
    where i.profile_id = submit_payload.attempt.profile_id
        and i.id = v_generation.user_image_id;

    select
        m.*,
        s.signed_url_seconds
    into v_model
    from private.generation_models as m
    cross join private.settings as s
    where m.type_key = v_generation.generation_type
        and m.preference = submit_payload.attempt.preference;

    if not found then
        return null;
    end if;

    return jsonb_build_object(
        'attempt_id', submit_payload.attempt.id,
        'profile_id', submit_payload.attempt.profile_id,
        'attempt_token', submit_payload.attempt.attempt_token,
        'model', submit_payload.attempt.model,
        -- What a person says reaches exactly these keys: checked options, and the prompt.
        'input', v_model.input_template || (
            select coalesce(jsonb_object_agg(f.value, v_generation.options -> f.key), '{}')
            from jsonb_each_text(v_model.option_fields) as f (key, value)
            where v_generation.options ? f.key
        ) || jsonb_build_object(v_model.prompt_field, v_generation.prompt),
        'user_images', case
            when v_image_path is null or v_model.user_image_field is null
            then jsonb_build_array()
            else jsonb_build_array(
                jsonb_build_object(
                    'field', v_model.user_image_field,
                    'many', v_model.user_image_is_list,
                    'bucket', 'faces',
                    'object_path', v_image_path,
                    'expires_in', v_model.signed_url_seconds
                )
            )
        end,
        -- The provider's own deadline ends an orphan that we never hear of.
        'cancel_after_seconds',
        greatest(ceil(extract(epoch from v_generation.deadline_at - now()))::integer, 5)
    );
end;
$$;

comment on function private.submit_payload(private.generation_attempts) is
'What the sidecar sends for this attempt: model, input, user images to sign, person and token of
the webhook address, deadline. Null when its model has gone.';

create function private.attempt_payload(profile_id uuid, attempt_id uuid, kind text)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
declare
    v_attempt private.generation_attempts;
begin
    select a.* into v_attempt
    from private.generation_attempts as a
    where a.profile_id = attempt_payload.profile_id
        and a.id = attempt_payload.attempt_id;

    return case attempt_payload.kind
        when 'submit' then private.submit_payload(v_attempt)
        when 'store' then jsonb_build_object(
            'attempt_id', v_attempt.id,
            'provider_job_id', v_attempt.provider_job_id,
            'output_url', v_attempt.output_url,
            'bucket', 'thumbnails',
            'object_path', v_attempt.profile_id || '/' || v_attempt.generation_id || '.png',
            'width', 1280,
            'height', 720,
            'preview', jsonb_build_object(
                'object_path',
                v_attempt.profile_id || '/' || v_attempt.generation_id || '.preview.png',
                'width', 320,
                'height', 180
            )
        )
        when 'find' then jsonb_build_object(
            'attempt_id', v_attempt.id,
            'profile_id', v_attempt.profile_id,
            'attempt_token', v_attempt.attempt_token,
            -- As the provider writes it, less a minute for clocks that differ.
            'since', to_char(
                (v_attempt.created_at - interval '1 minute') at time zone 'utc',
                'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'
            )
        )
        else jsonb_build_object(
            'attempt_id', v_attempt.id, 'provider_job_id', v_attempt.provider_job_id
        )
    end;
end;
$$;

comment on function private.attempt_payload(uuid, uuid, text) is
'What the sidecar needs for a job of this kind about an attempt.';

create function private.job_payload(job private.jobs)
returns jsonb
language sql
stable
set search_path = ''
as $$
    select case
        when job_payload.job.user_image_id is not null
        then private.user_image_payload(
            job_payload.job.profile_id, job_payload.job.user_image_id
        )
        when job_payload.job.account_id is not null
        then private.erase_payload(job_payload.job.account_id)
        else private.stripe_call(job_payload.job)
    end;
$$;

comment on function private.job_payload(private.jobs) is
'What the sidecar needs for a job that is about no picture.';
