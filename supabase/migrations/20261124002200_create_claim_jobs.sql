-- Purpose: how the sidecar takes work.
-- Touches: functions private.submit_payload, private.run_payload, private.start_run,
--          private.postpone_submit, private.claim_jobs.
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
        -- The person's text reaches exactly one key.
        'input', m.input_template || jsonb_build_object(m.prompt_field, g.prompt),
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
    inner join private.generation_models as m on g.generation_type = m.type_key
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
            'height', 720
        )
        else jsonb_build_object('run_id', r.id, 'prediction_id', r.prediction_id)
    end
    from private.generation_runs as r
    inner join public.generations as g on r.generation_id = g.id
    where r.id = run_payload.run_id;
$$;

comment on function private.run_payload(text, uuid) is
'What the sidecar needs for a job of this kind about an attempt.';

create function private.start_run(generation_id uuid)
returns uuid
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_run private.generation_runs;
    v_settings private.settings;
begin
    select s.* into v_settings
    from private.settings as s;

    select r.* into v_run
    from private.generation_runs as r
    where r.generation_id = start_run.generation_id
    order by r.attempt desc
    limit 1
    for update;

    -- A worker had it and never answered: the provider may have the request. Wait before asking
    -- again.
    if v_run.status = 'submitting' then
        update private.generation_runs as r
        set
            status = 'submit_unknown',
            unknown_since = now()
        where r.id = v_run.id;
        return null;
    end if;

    if v_run.status = 'submit_unknown' then
        if v_run.unknown_since + v_settings.submit_unknown_grace > now() then
            return null;
        end if;
        update private.generation_runs as r
        set
            status = 'abandoned',
            finished_at = now()
        where r.id = v_run.id;
    end if;

    if v_run.attempt >= v_settings.submit_attempts_max then
        perform private.finish_generation(
            start_run.generation_id, 'failed', 'provider_unreachable'
        );
        return null;
    end if;

    update public.generations as g
    set status = 'submitting'
    where g.id = start_run.generation_id
        and g.status = 'queued';

    insert into private.generation_runs (generation_id, attempt, model)
    select
        g.id,
        coalesce(v_run.attempt, 0) + 1,
        m.model
    from public.generations as g
    inner join private.generation_models as m on g.generation_type = m.type_key
    where g.id = start_run.generation_id
        and g.finished_at is null
    returning * into v_run;

    -- Over already, or its type has lost its model since: then nobody could ever make it.
    if v_run.id is null then
        perform private.finish_generation(
            start_run.generation_id, 'failed', 'provider_unavailable'
        );
    end if;

    return v_run.id;
end;
$$;

comment on function private.start_run(uuid) is
'Writes the next attempt before the call to the provider and returns its id; null when there is
nothing to send now: the last answer was lost and its grace time runs, or the generation is over.';

create function private.postpone_submit(job_id bigint, generation_id uuid)
returns void
language plpgsql
volatile
set search_path = ''
as $$
begin
    update private.outbox as o
    set
        due_at = r.unknown_since + s.submit_unknown_grace,
        run_id = r.id,
        lease_token = null
    from private.generation_runs as r
    cross join private.settings as s
    where o.id = postpone_submit.job_id
        and r.generation_id = postpone_submit.generation_id
        and r.status = 'submit_unknown';

    if not found then
        delete from private.outbox as o
        where o.id = postpone_submit.job_id;
    end if;
end;
$$;

comment on function private.postpone_submit(bigint, uuid) is
'A submit with nothing to send now: due again when the grace time ends, or gone with its
generation.';

create function private.claim_jobs(worker_id text, max_jobs integer, lease_seconds integer)
returns table (
    job_id bigint,
    lease_token uuid,
    kind text,
    generation_id uuid,
    attempt integer,
    payload jsonb
)
language plpgsql
volatile
-- security definer because the sidecar's role holds no table
security definer
set search_path = ''
as $$
declare
    v_job private.outbox;
    v_token constant uuid := gen_random_uuid();
    v_found boolean := false;
begin
    for v_job in
        with claimed as (
            update private.outbox as o
            set
                due_at = now() + make_interval(secs => claim_jobs.lease_seconds),
                lease_token = v_token
            -- An array, so that the generic plan keeps the index and stops at the limit.
            where o.id = any(array(
                select q.id
                from private.outbox as q
                where q.due_at <= now()
                    and q.dead_at is null
                order by q.due_at
                limit claim_jobs.max_jobs
                for update skip locked
            ))
            returning o.*
        )

        select c.*
        from claimed as c
        left join public.generations as g on c.generation_id = g.id
        -- A submission that was tried too often is refunded here: profiles are locked in id order.
        order by g.profile_id, c.id
    loop
        v_found := true;

        if v_job.kind = 'submit' then
            v_job.run_id := private.start_run(v_job.generation_id);

            if v_job.run_id is null then
                perform private.postpone_submit(v_job.id, v_job.generation_id);
                continue;
            end if;

            update private.outbox as o
            set run_id = v_job.run_id
            where o.id = v_job.id;
        end if;

        job_id := v_job.id;
        lease_token := v_token;
        kind := v_job.kind;
        generation_id := v_job.generation_id;
        attempt := v_job.attempts + 1;
        payload := case
            when v_job.generation_id is null then private.stripe_call(v_job)
            else private.run_payload(v_job.kind, v_job.run_id)
        end;
        return next;
    end loop;

    if v_found then
        delete from private.idle_workers as w
        where w.worker_id = claim_jobs.worker_id;
    end if;
end;
$$;

comment on function private.claim_jobs(text, integer, integer) is
'Takes due jobs for this many seconds; generation_id is null for those of Stripe. Report each with
a record_* function and the lease token; what is not reported comes back when the lease ends.';
grant execute on function private.claim_jobs(text, integer, integer) to thumbsmith_sidecar;
