-- Purpose: how an attempt at the provider begins.
-- Touches: functions private.fail_generation, private.start_attempt.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function.

create function private.fail_generation(job private.generation_jobs, error text)
returns void
language plpgsql
volatile
set search_path = ''
as $$
begin
    perform private.finish_generation(
        fail_generation.job.profile_id,
        fail_generation.job.generation_id,
        'failed',
        fail_generation.error
    );

    perform private.finish_generation_job(fail_generation.job.profile_id, fail_generation.job.id);
end;
$$;

comment on function private.fail_generation(private.generation_jobs, text) is
'Ends a generation and its job, with the credits back.';

create function private.start_attempt(job private.generation_jobs)
returns uuid
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_profile_id constant uuid := start_attempt.job.profile_id;
    v_last private.generation_attempts;
    v_generation public.generations;
    v_model private.generation_models;
    v_error text;
begin
    select a.* into v_last
    from private.generation_attempts as a
    where a.profile_id = v_profile_id
        and a.generation_id = start_attempt.job.generation_id
        and a.duplicate_of is null
    order by a.attempt_number desc
    limit 1
    for update;

    -- A worker had it and never answered: the provider may have the request.
    if v_last.status = 'submitting' then
        job.attempt_id := v_last.id;
        perform private.mark_submit_unknown(job, 'no report');
        return null;
    end if;

    select g.* into v_generation
    from public.generations as g
    where g.profile_id = v_profile_id
        and g.id = start_attempt.job.generation_id;

    -- The generation ended while its job waited: nothing is sent any more.
    if v_generation.finished_at is not null then
        perform private.finish_generation_job(v_profile_id, start_attempt.job.id);
        return null;
    end if;

    v_error := private.unsendable(v_generation);
    v_model := private.next_model(v_generation.generation_type, v_last);

    -- A type that has lost its models since: nobody could ever make the picture.
    if v_error is not null or v_model.model is null then
        perform private.fail_generation(
            start_attempt.job, coalesce(v_error, 'provider_unavailable')
        );
        return null;
    end if;

    perform private.start_submitting(v_profile_id, v_generation.id);
    return private.insert_attempt(v_profile_id, v_generation.id, v_model);
end;
$$;

comment on function private.start_attempt(private.generation_jobs) is
'Writes the next attempt before the call to the provider and returns its id; null when there is
nothing to send: then the job has been seen to.';
