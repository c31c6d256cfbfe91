-- Purpose: what the sidecar needs to know for a job.
-- Touches: functions private.submit_payload, private.run_payload, private.job_payload.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function.

create function private.submit_payload(run_id uuid)
returns jsonb
language sql
stable
set search_path = ''
as $$
    select jsonb_build_object(
        'run_id', r.id,
        'attempt_token', r.attempt_token,
        'model', r.model,
        -- What a person says reaches exactly these keys: checked options, and the prompt.
        'input', m.input_template || (
            select coalesce(jsonb_object_agg(f.value, g.options -> f.key), '{}')
            from jsonb_each_text(m.option_fields) as f (key, value)
            where g.options ? f.key
        ) || jsonb_build_object(m.prompt_field, g.prompt),
        'faces', case
            when i.id is null or m.face_field is null then jsonb_build_array()
            else jsonb_build_array(
                jsonb_build_object(
                    'field', m.face_field,
                    'many', m.face_is_list,
                    'bucket', 'faces',
                    'object_path', i.object_path,
                    'expires_in', s.signed_url_seconds
                )
            )
        end,
        -- The provider's own deadline ends an orphan that we never hear of.
        'cancel_after_seconds',
        greatest(ceil(extract(epoch from g.deadline_at - now()))::integer, 5)
    )
    from private.generation_runs as r
    inner join public.generations as g on r.generation_id = g.id
    inner join private.generation_models as m
        on g.generation_type = m.type_key and r.preference = m.preference
    cross join private.settings as s
    left join public.user_images as i on g.user_image_id = i.id
    where r.id = submit_payload.run_id;
$$;

comment on function private.submit_payload(uuid) is
'What the sidecar sends for this attempt: model, input, faces to sign, attempt token, deadline.';

create function private.run_payload(kind text, run_id uuid)
returns jsonb
language sql
stable
set search_path = ''
as $$
    select case run_payload.kind
        when 'submit' then private.submit_payload(run_payload.run_id)
        when 'store' then jsonb_build_object(
            'run_id', r.id,
            'prediction_id', r.prediction_id,
            'output_url', r.output_url,
            'bucket', 'thumbnails',
            'object_path', g.profile_id || '/' || g.id || '.png',
            'width', 1280,
            'height', 720,
            'preview', jsonb_build_object(
                'object_path', g.profile_id || '/' || g.id || '.preview.png',
                'width', 320,
                'height', 180
            )
        )
        when 'find' then jsonb_build_object(
            'run_id', r.id,
            'attempt_token', r.attempt_token,
            -- As the provider writes it, less a minute for clocks that differ.
            'since', to_char(
                (r.created_at - interval '1 minute') at time zone 'utc',
                'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'
            )
        )
        else jsonb_build_object('run_id', r.id, 'prediction_id', r.prediction_id)
    end
    from private.generation_runs as r
    inner join public.generations as g on r.generation_id = g.id
    where r.id = run_payload.run_id;
$$;

comment on function private.run_payload(text, uuid) is
'What the sidecar needs for a job of this kind about an attempt.';

create function private.job_payload(job private.outbox)
returns jsonb
language sql
stable
set search_path = ''
as $$
    select case
        when job_payload.job.run_id is not null
        then private.run_payload(job_payload.job.kind, job_payload.job.run_id)
        when job_payload.job.user_image_id is not null
        then private.face_payload(job_payload.job.user_image_id)
        when job_payload.job.profile_id is not null
        then private.erase_payload(job_payload.job.profile_id)
        else private.stripe_call(job_payload.job)
    end;
$$;

comment on function private.job_payload(private.outbox) is
'What the sidecar needs for a job.';
