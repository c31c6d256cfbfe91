-- Purpose: an attempt failed: the next model, or the credits back.
-- Touches: functions private.has_next_model, private.fail_attempt.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function.

create function private.has_next_model(job private.generation_jobs)
returns boolean
language plpgsql
stable
set search_path = ''
as $$
declare
    v_attempts integer;
    v_attempt private.generation_attempts;
    v_generation public.generations;
begin
    select g.* into v_generation
    from public.generations as g
    where g.profile_id = has_next_model.job.profile_id
        and g.id = has_next_model.job.generation_id;

    if v_generation.status not in ('submitting', 'processing')
        or v_generation.deadline_at <= now()
    then
        return false;
    end if;

    select count(*) into v_attempts
    from private.generation_attempts as a
    where a.profile_id = has_next_model.job.profile_id
        and a.generation_id = has_next_model.job.generation_id
        and a.duplicate_of is null;

    if v_attempts >= (select s.max_generation_attempts from private.settings as s) then
        return false;
    end if;

    select a.* into v_attempt
    from private.generation_attempts as a
    where a.profile_id = has_next_model.job.profile_id
        and a.id = has_next_model.job.attempt_id;

    return (
        private.find_model(v_generation.generation_type, v_attempt.preference)
    ).model is not null;
end;
$$;

comment on function private.has_next_model(private.generation_jobs) is
'Whether the generation may be sent to another model: there is one, there is time, and the attempts
are not used up.';

create function private.fail_attempt(
    job private.generation_jobs,
    attempt_status text,
    error text,
    detail text,
    http_status integer default null
)
returns void
language plpgsql
volatile
set search_path = ''
as $$
begin
    update private.generation_attempts as a
    set
        status = fail_attempt.attempt_status,
        http_status = fail_attempt.http_status,
        provider_error = left(fail_attempt.detail, 2000),
        finished_at = now()
    where a.profile_id = fail_attempt.job.profile_id
        and a.id = fail_attempt.job.attempt_id
        and a.finished_at is null;

    -- What lies with the provider, or with how we word an input, may go well with another model, at
    -- no further charge. Content that was rejected is not carried elsewhere.
    if fail_attempt.error in (
        'provider_failed', 'provider_stopped', 'provider_unavailable', 'prediction_missing',
        'output_missing', 'input_refused'
    ) and private.has_next_model(fail_attempt.job) then
        perform private.continue_generation_job(
            fail_attempt.job.profile_id, fail_attempt.job.id, 'submit', slug => fail_attempt.error
        );
        return;
    end if;

    perform private.fail_generation(fail_attempt.job, fail_attempt.error);
end;
$$;

comment on function private.fail_attempt(private.generation_jobs, text, text, text, integer) is
'Ends an attempt without a picture: the next model is asked, or the generation fails with the
credits back.';
