-- Purpose: the prediction of an attempt whose answer was lost has turned up.
-- Touches: functions private.count_attempt_cost, private.adopt_provider_job.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function.

create function private.count_attempt_cost(attempt_id uuid)
returns void
language sql
volatile
set search_path = ''
as $$
    -- The first one was counted when it was asked for.
    select private.count_provider_spend(a.expected_cost_micros)
    from private.generation_attempts as a
    where a.id = count_attempt_cost.attempt_id
        and exists (
            select
            from private.generation_attempts as e
            where e.generation_id = a.generation_id
                and e.duplicate_of is null
                and e.attempt_number < a.attempt_number
        );
$$;

comment on function private.count_attempt_cost(uuid) is
'Counts the expected cost of an attempt that the provider has, or may have: not of one that never
got there.';

create function private.adopt_provider_job(attempt_id uuid, provider_job_id text)
returns void
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_generation public.generations;
begin
    update private.generation_attempts as a
    set
        status = 'processing',
        provider_job_id = adopt_provider_job.provider_job_id
    where a.id = adopt_provider_job.attempt_id
        and a.status = 'submit_unknown';

    perform private.start_processing(a.generation_id)
    from private.generation_attempts as a
    where a.id = adopt_provider_job.attempt_id;

    select g.* into v_generation
    from public.generations as g
    inner join private.generation_attempts as a on g.id = a.generation_id
    where a.id = adopt_provider_job.attempt_id;

    if v_generation.finished_at is not null then
        perform private.release_work(v_generation.id);
    else
        perform private.continue_job(j.id, 'poll', now(), adopt_provider_job.attempt_id)
        from private.jobs as j
        where j.generation_id = v_generation.id;
    end if;
end;
$$;

comment on function private.adopt_provider_job(uuid, text) is
'The prediction of an attempt whose answer was lost: it goes on, or is stopped when nobody waits.';
