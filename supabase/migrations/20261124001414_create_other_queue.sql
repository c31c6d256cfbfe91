-- Purpose: the queue of all other jobs.
-- Touches: functions private.lease_due_jobs, private.lock_leased_job, private.set_job_state,
--          private.continue_job, private.retry_job, private.bury_job, private.finish_job.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function.

create function private.lease_due_jobs(
    lease_token uuid,
    max_jobs integer,
    lease_seconds integer
)
returns setof private.jobs
language plpgsql
volatile
-- As the planner expects of an array of ids, so that a join goes by index.
rows 10
set search_path = ''
as $$
begin
    return query
    update private.jobs as j
    set
        due_at = now() + make_interval(secs => lease_due_jobs.lease_seconds),
        lease_token = lease_due_jobs.lease_token
    -- An array, so that the generic plan keeps the index and stops at the limit.
    where j.id = any(array(
        select q.id
        from private.jobs as q
        where q.due_at <= now()
            and q.dead_at is null
        order by q.due_at
        limit lease_due_jobs.max_jobs
        for update skip locked
    ))
    returning j.*;
end;
$$;

comment on function private.lease_due_jobs(uuid, integer, integer) is
'Takes the longest due jobs that nobody looks at, under this token and for this many seconds. A job
whose lease ended is due again.';

create function private.lock_leased_job(job_id bigint, lease_token uuid)
returns private.jobs
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_job private.jobs;
begin
    select j.* into v_job
    from private.jobs as j
    where j.id = lock_leased_job.job_id
        and j.lease_token = lock_leased_job.lease_token
    for update;

    return v_job;
end;
$$;

comment on function private.lock_leased_job(bigint, uuid) is
'The job, locked, if this lease still holds it; else null and the report is stale.';

create function private.set_job_state(
    job_id bigint,
    state private.job_state,
    kind text default null
)
returns void
language plpgsql
volatile
set search_path = ''
as $$
begin
    update private.jobs as j
    set
        kind = coalesce(set_job_state.kind, j.kind),
        due_at = coalesce(set_job_state.state.due_at, j.due_at),
        tries = coalesce(set_job_state.state.tries, j.tries),
        lease_token = null,
        last_error = coalesce(set_job_state.state.last_error, j.last_error),
        dead_at = set_job_state.state.dead_at
    where j.id = set_job_state.job_id;
end;
$$;

comment on function private.set_job_state(bigint, private.job_state, text) is
'Writes what becomes of a job. Null keeps its kind.';

create function private.continue_job(
    job_id bigint,
    kind text,
    due_at timestamptz default now(),
    slug text default null
)
returns void
language plpgsql
volatile
set search_path = ''
as $$
begin
    perform private.set_job_state(
        continue_job.job_id,
        private.continued(continue_job.due_at, continue_job.slug),
        continue_job.kind
    );
end;
$$;

comment on function private.continue_job(bigint, text, timestamptz, text) is
'The job goes on as this kind, with all its tries before it and nobody''s lease. slug is
what made it go on; null keeps the last error.';

create function private.retry_job(
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
    v_job private.jobs;
begin
    select j.* into v_job
    from private.jobs as j
    where j.id = retry_job.job_id;

    perform private.set_job_state(
        retry_job.job_id,
        private.retried(
            v_job.tries, retry_job.slug, retry_job.due_at,
            is_awaited => false
        )
    );
end;
$$;

comment on function private.retry_job(bigint, text, timestamptz) is
'A try has failed, for the reason slug: the job is tried again at this time; null waits as long as
its failed tries ask for, or keeps the last error.';

create function private.bury_job(job_id bigint, slug text)
returns void
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_tries integer;
begin
    select j.tries into v_tries
    from private.jobs as j
    where j.id = bury_job.job_id;

    perform private.set_job_state(
        bury_job.job_id, private.buried(v_tries, bury_job.slug)
    );
end;
$$;

comment on function private.bury_job(bigint, text) is
'Gives a job up, and keeps it for a person to look at: a dead letter.';

create function private.finish_job(job_id bigint)
returns void
language plpgsql
volatile
set search_path = ''
as $$
begin
    delete from private.jobs as j
    where j.id = finish_job.job_id;
end;
$$;

comment on function private.finish_job(bigint) is 'Nothing is left to do: the job''s row goes.';
