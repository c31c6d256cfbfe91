-- Purpose: the queue of pictures: each function names the person.
-- Touches: functions private.lease_due_generation_jobs, private.lock_leased_generation_job,
--          private.set_generation_job_state, private.set_generation_job_attempt,
--          private.continue_generation_job, private.retry_generation_job,
--          private.expedite_generation_job, private.bury_generation_job,
--          private.finish_generation_job.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function.

create function private.lease_due_generation_jobs(
    lease_token uuid,
    max_jobs integer,
    lease_seconds integer
)
returns setof private.generation_jobs
language plpgsql
volatile
-- As the planner expects of an array of ids, so that a join goes by index.
rows 10
set search_path = ''
as $$
begin
    return query
    update private.generation_jobs as j
    set
        due_at = now() + make_interval(secs => lease_due_generation_jobs.lease_seconds),
        lease_token = lease_due_generation_jobs.lease_token
    -- An array, so that the generic plan keeps the index and stops at the limit.
    where j.id = any(array(
        select q.id
        from private.generation_jobs as q
        where q.due_at <= now()
            and q.dead_at is null
        order by q.due_at
        limit lease_due_generation_jobs.max_jobs
        for update skip locked
    ))
    returning j.*;
end;
$$;

comment on function private.lease_due_generation_jobs(uuid, integer, integer) is
'Takes the longest due jobs that nobody looks at, under this token and for this many seconds. A job
whose lease ended is due again. This one statement of the queue meets many people.';

create function private.lock_leased_generation_job(
    profile_id uuid,
    job_id bigint,
    lease_token uuid
)
returns private.generation_jobs
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_job private.generation_jobs;
begin
    select j.* into v_job
    from private.generation_jobs as j
    where j.profile_id = lock_leased_generation_job.profile_id
        and j.id = lock_leased_generation_job.job_id
        and j.lease_token = lock_leased_generation_job.lease_token
    for update;

    return v_job;
end;
$$;

comment on function private.lock_leased_generation_job(uuid, bigint, uuid) is
'The job, locked, if this lease still holds it; else null and the report is stale.';

create function private.set_generation_job_state(
    profile_id uuid,
    job_id bigint,
    state private.job_state,
    kind text default null,
    attempt_id uuid default null
)
returns void
language plpgsql
volatile
set search_path = ''
as $$
begin
    update private.generation_jobs as j
    set
        kind = coalesce(set_generation_job_state.kind, j.kind),
        -- The next submission is another attempt.
        attempt_id = case
            when coalesce(set_generation_job_state.kind, j.kind) <> 'submit'
            then coalesce(set_generation_job_state.attempt_id, j.attempt_id)
        end,
        due_at = coalesce(set_generation_job_state.state.due_at, j.due_at),
        tries = coalesce(set_generation_job_state.state.tries, j.tries),
        lease_token = null,
        last_error = coalesce(set_generation_job_state.state.last_error, j.last_error),
        dead_at = set_generation_job_state.state.dead_at
    where j.profile_id = set_generation_job_state.profile_id
        and j.id = set_generation_job_state.job_id;
end;
$$;

comment on function private.set_generation_job_state(uuid, bigint, private.job_state, text, uuid) is
'Writes what becomes of a job. Null keeps its kind and its attempt.';

create function private.set_generation_job_attempt(profile_id uuid, job_id bigint, attempt_id uuid)
returns void
language plpgsql
volatile
set search_path = ''
as $$
begin
    update private.generation_jobs as j
    set attempt_id = set_generation_job_attempt.attempt_id
    where j.profile_id = set_generation_job_attempt.profile_id
        and j.id = set_generation_job_attempt.job_id;
end;
$$;

comment on function private.set_generation_job_attempt(uuid, bigint, uuid) is
'The job is about this attempt at the provider from now on; its lease stays.';

create function private.continue_generation_job(
    profile_id uuid,
    job_id bigint,
    kind text,
    due_at timestamptz default now(),
    attempt_id uuid default null,
    slug text default null
)
returns void
language plpgsql
volatile
set search_path = ''
as $$
begin
    perform private.set_generation_job_state(
        continue_generation_job.profile_id,
        continue_generation_job.job_id,
        private.continued(continue_generation_job.due_at, continue_generation_job.slug),
        continue_generation_job.kind,
        continue_generation_job.attempt_id
    );
end;
$$;

comment on function private.continue_generation_job(uuid, bigint, text, timestamptz, uuid, text) is
'The job goes on as this kind, with all its tries before it and nobody''s lease:
about this attempt, or still about the same when null. slug is
what made it go on; null keeps the last error.';

create function private.retry_generation_job(
    profile_id uuid,
    job_id bigint,
    slug text default null,
    due_at timestamptz default null
)
returns void
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_job private.generation_jobs;
begin
    select j.* into v_job
    from private.generation_jobs as j
    where j.profile_id = retry_generation_job.profile_id
        and j.id = retry_generation_job.job_id;

    perform private.set_generation_job_state(
        retry_generation_job.profile_id, retry_generation_job.job_id,
        private.retried(
            v_job.tries, retry_generation_job.slug, retry_generation_job.due_at,
            is_awaited => v_job.generation_id is not null
        )
    );
end;
$$;

comment on function private.retry_generation_job(uuid, bigint, text, timestamptz) is
'A try has failed, for the reason slug: the job is tried again at this time; null waits as long as
its failed tries ask for, or keeps the last error.';

create function private.expedite_generation_job(profile_id uuid, job_id bigint)
returns void
language plpgsql
volatile
set search_path = ''
as $$
begin
    perform private.set_generation_job_state(
        expedite_generation_job.profile_id, expedite_generation_job.job_id, private.expedited()
    );
end;
$$;

comment on function private.expedite_generation_job(uuid, bigint) is
'The job is due now. Whoever holds it may have looked too early, so that lease ends.';

create function private.bury_generation_job(profile_id uuid, job_id bigint, slug text)
returns void
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_tries integer;
begin
    select j.tries into v_tries
    from private.generation_jobs as j
    where j.profile_id = bury_generation_job.profile_id
        and j.id = bury_generation_job.job_id;

    perform private.set_generation_job_state(
        bury_generation_job.profile_id,
        bury_generation_job.job_id,
        private.buried(v_tries, bury_generation_job.slug)
    );
end;
$$;

comment on function private.bury_generation_job(uuid, bigint, text) is
'Gives a job up, and keeps it for a person to look at: a dead letter.';

create function private.finish_generation_job(profile_id uuid, job_id bigint)
returns void
language plpgsql
volatile
set search_path = ''
as $$
begin
    delete from private.generation_jobs as j
    where j.profile_id = finish_generation_job.profile_id
        and j.id = finish_generation_job.job_id;
end;
$$;

comment on function private.finish_generation_job(uuid, bigint) is
'Nothing is left to do: the job''s row goes.';
