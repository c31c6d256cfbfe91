-- Purpose: the queue: the only rules by which a job waits, is held, goes on and ends.
-- Touches: functions private.lease_due_jobs, private.held_job, private.set_job_attempt,
--          private.continue_job, private.retry_job, private.expedite_job, private.bury_job,
--          private.finish_job.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function.

-- The functions take ids and values and no row, so that another table of jobs can follow the same
-- rules. No other function changes or deletes a job; tests/product/db/test_queue.py has the
-- exceptions. They are plpgsql, since each request passes here: a SQL function with a pinned search
-- path is planned again each time.

create function private.lease_due_jobs(lease_token uuid, max_jobs integer, lease_seconds integer)
returns setof private.outbox
language plpgsql
volatile
-- As the planner expects of an array of ids, so that a join goes by index.
rows 10
set search_path = ''
as $$
begin
    return query
    update private.outbox as o
    set
        due_at = now() + make_interval(secs => lease_due_jobs.lease_seconds),
        lease_token = lease_due_jobs.lease_token
    -- An array, so that the generic plan keeps the index and stops at the limit.
    where o.id = any(array(
        select q.id
        from private.outbox as q
        where q.due_at <= now()
            and q.dead_at is null
        order by q.due_at
        limit lease_due_jobs.max_jobs
        for update skip locked
    ))
    returning o.*;
end;
$$;

comment on function private.lease_due_jobs(uuid, integer, integer) is
'Takes the longest due jobs that nobody looks at, under this token and for this many seconds. A job
whose lease ended is due again.';

create function private.held_job(job_id bigint, lease_token uuid)
returns private.outbox
language sql
volatile
set search_path = ''
as $$
    select o.*
    from private.outbox as o
    where o.id = held_job.job_id
        and o.lease_token = held_job.lease_token
    for update;
$$;

comment on function private.held_job(bigint, uuid) is
'The job, locked, if this lease still holds it; else null and the report is stale.';

create function private.set_job_attempt(job_id bigint, attempt_id uuid)
returns void
language plpgsql
volatile
set search_path = ''
as $$
begin
    update private.outbox as o
    set run_id = set_job_attempt.attempt_id
    where o.id = set_job_attempt.job_id;
end;
$$;

comment on function private.set_job_attempt(bigint, uuid) is
'The job is about this attempt at the provider from now on; its lease stays.';

create function private.continue_job(
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
    update private.outbox as o
    set
        kind = continue_job.kind,
        -- The next submission is another attempt.
        run_id = case
            when continue_job.kind <> 'submit' then coalesce(continue_job.attempt_id, o.run_id)
        end,
        due_at = continue_job.due_at,
        attempts = 0,
        lease_token = null,
        dead_at = null,
        last_error = coalesce(continue_job.slug, o.last_error)
    where o.id = continue_job.job_id;
end;
$$;

comment on function private.continue_job(bigint, text, timestamptz, uuid, text) is
'The job goes on as this kind, with all its tries before it and nobody''s lease: about this attempt,
or still about the same when null. slug is what made it go on; null keeps the last error.';

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
begin
    update private.outbox as o
    set
        run_id = case when o.kind <> 'submit' then o.run_id end,
        due_at = coalesce(
            retry_job.due_at,
            now() + private.retry_wait(o.attempts, o.generation_id is not null)
        ),
        attempts = o.attempts + 1,
        lease_token = null,
        last_error = coalesce(retry_job.slug, o.last_error)
    where o.id = retry_job.job_id;
end;
$$;

comment on function private.retry_job(bigint, text, timestamptz) is
'A try has failed, for the reason slug: the job is tried again at this time; null waits as long as
its failed tries ask for, or keeps the last error.';

create function private.expedite_job(job_id bigint)
returns void
language plpgsql
volatile
set search_path = ''
as $$
begin
    update private.outbox as o
    set
        due_at = now(),
        lease_token = null
    where o.id = expedite_job.job_id;
end;
$$;

comment on function private.expedite_job(bigint) is
'The job is due now. Whoever holds it may have looked too early, so that lease ends.';

create function private.bury_job(job_id bigint, slug text)
returns void
language plpgsql
volatile
set search_path = ''
as $$
begin
    update private.outbox as o
    set
        dead_at = now(),
        attempts = o.attempts + 1,
        lease_token = null,
        last_error = bury_job.slug
    where o.id = bury_job.job_id;
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
    delete from private.outbox as o
    where o.id = finish_job.job_id;
end;
$$;

comment on function private.finish_job(bigint) is 'Nothing is left to do: the job''s row goes.';
