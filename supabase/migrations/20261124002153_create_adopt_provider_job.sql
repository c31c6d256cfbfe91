-- Purpose: the prediction of an attempt whose answer was lost has turned up.
-- Touches: functions private.count_attempt_cost, private.adopt_provider_job.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function.

create function private.count_attempt_cost(profile_id uuid, attempt_id uuid)
returns void
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_cost_micros bigint;
begin
    -- The first one was counted when it was asked for.
    select a.expected_cost_micros into v_cost_micros
    from private.generation_attempts as a
    inner join private.generation_attempts as e
        on a.profile_id = e.profile_id and a.generation_id = e.generation_id
    where a.profile_id = count_attempt_cost.profile_id
        and a.id = count_attempt_cost.attempt_id
        and e.duplicate_of is null
        and e.attempt_number < a.attempt_number
    limit 1;

    if found then
        perform private.count_provider_spend(v_cost_micros);
    end if;
end;
$$;

comment on function private.count_attempt_cost(uuid, uuid) is
'Counts the expected cost of an attempt that the provider has, or may have: not of one that never
got there.';

create function private.adopt_provider_job(
    profile_id uuid,
    attempt_id uuid,
    provider_job_id text
)
returns void
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_generation public.generations;
    v_generation_id uuid;
    v_job private.generation_jobs;
begin
    update private.generation_attempts as a
    set
        status = 'processing',
        provider_job_id = adopt_provider_job.provider_job_id
    where a.profile_id = adopt_provider_job.profile_id
        and a.id = adopt_provider_job.attempt_id
        and a.status = 'submit_unknown';

    select a.generation_id into v_generation_id
    from private.generation_attempts as a
    where a.profile_id = adopt_provider_job.profile_id
        and a.id = adopt_provider_job.attempt_id;

    perform private.start_processing(adopt_provider_job.profile_id, v_generation_id);

    select g.* into v_generation
    from public.generations as g
    where g.profile_id = adopt_provider_job.profile_id
        and g.id = v_generation_id;

    if v_generation.finished_at is not null then
        perform private.release_work(adopt_provider_job.profile_id, v_generation_id);
        return;
    end if;

    v_job := private.lock_generation_job(adopt_provider_job.profile_id, v_generation_id);
    perform private.continue_generation_job(
        adopt_provider_job.profile_id, v_job.id, 'poll', now(), adopt_provider_job.attempt_id
    );
end;
$$;

comment on function private.adopt_provider_job(uuid, uuid, text) is
'The prediction of an attempt whose answer was lost: it goes on, or is stopped when nobody waits.';
