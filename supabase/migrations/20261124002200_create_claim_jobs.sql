-- Purpose: how the sidecar takes work.
-- Touches: type private.claimed_job, functions private.claim_generation_jobs,
--          private.claim_other_jobs, private.claim_jobs.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function; drop type private.claimed_job.

create type private.claimed_job as (
    profile_id uuid,
    job_id bigint,
    lease_token uuid,
    kind text,
    generation_id uuid,
    try_number integer,
    payload jsonb
);

comment on type private.claimed_job is
'A job as its worker gets it: profile_id is whose work it is, null where one does not know.';

create function private.claim_generation_jobs(
    lease_token uuid,
    max_jobs integer,
    lease_seconds integer
)
returns setof private.claimed_job
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_job private.generation_jobs;
begin
    for v_job in
        select c.*
        from private.lease_due_generation_jobs(
            claim_generation_jobs.lease_token,
            claim_generation_jobs.max_jobs,
            claim_generation_jobs.lease_seconds
        ) as c
        -- A submission that was tried too often is refunded here: profiles are locked in id order.
        -- Last those whose worker died while it was sending: their expected cost is counted, and
        -- whoever holds a row of provider_spend must not wait for a profile.
        order by
            exists (
                select
                from private.generation_attempts as a
                where a.profile_id = c.profile_id
                    and a.generation_id = c.generation_id
                    and a.status = 'submitting'
            ),
            c.profile_id,
            c.id
    loop
        if v_job.kind = 'submit' then
            v_job.attempt_id := private.start_attempt(v_job);
            continue when v_job.attempt_id is null;

            perform private.set_generation_job_attempt(
                v_job.profile_id, v_job.id, v_job.attempt_id
            );
        end if;

        return next (
            v_job.profile_id,
            v_job.id,
            v_job.lease_token,
            v_job.kind,
            v_job.generation_id,
            v_job.tries + 1,
            private.attempt_payload(v_job.profile_id, v_job.attempt_id, v_job.kind)
        )::private.claimed_job;
    end loop;
end;
$$;

comment on function private.claim_generation_jobs(uuid, integer, integer) is
'Takes due jobs of pictures, and writes the attempt of each submission.';

create function private.claim_other_jobs(
    lease_token uuid,
    max_jobs integer,
    lease_seconds integer
)
returns setof private.claimed_job
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_job private.jobs;
begin
    for v_job in
        select c.*
        from private.lease_due_jobs(
            claim_other_jobs.lease_token,
            claim_other_jobs.max_jobs,
            claim_other_jobs.lease_seconds
        ) as c
        order by c.id
    loop
        return next (
            v_job.profile_id,
            v_job.id,
            v_job.lease_token,
            v_job.kind,
            null,
            v_job.tries + 1,
            private.job_payload(v_job)
        )::private.claimed_job;
    end loop;
end;
$$;

comment on function private.claim_other_jobs(uuid, integer, integer) is
'Takes due jobs that are about no picture.';

create function private.claim_jobs(worker_id text, max_jobs integer, lease_seconds integer)
returns setof private.claimed_job
language plpgsql
volatile
-- security definer because the sidecar's role holds no table
security definer
set search_path = ''
as $$
declare
    v_token constant uuid := gen_random_uuid();
    v_found boolean := false;
    v_left integer := claim_jobs.max_jobs;
    v_rows bigint;
    v_takes_others_first constant boolean := coalesce(
        (
            select min(j.due_at)
            from private.jobs as j
            where j.dead_at is null
        ) < (
            select min(j.due_at)
            from private.generation_jobs as j
            where j.dead_at is null
        ),
        false
    );
    v_table text;
begin
    -- Whichever table's oldest job has waited longest goes first, so that neither starves.
    foreach v_table in array case
        when v_takes_others_first then array['jobs', 'generation_jobs']
        else array['generation_jobs', 'jobs']
    end
    loop
        exit when v_left = 0;

        if v_table = 'jobs' then
            return query
            select c.*
            from private.claim_other_jobs(v_token, v_left, claim_jobs.lease_seconds) as c;
        else
            return query
            select c.*
            from private.claim_generation_jobs(v_token, v_left, claim_jobs.lease_seconds) as c;
        end if;

        get diagnostics v_rows = row_count;
        v_left := v_left - v_rows;
        v_found := v_found or v_rows > 0;
    end loop;

    if v_found then
        delete from private.idle_workers as w
        where w.worker_id = claim_jobs.worker_id;
    end if;
end;
$$;

comment on function private.claim_jobs(text, integer, integer) is
'Takes due jobs for this many seconds; generation_id is null for those about no picture. Report each
with a report_* function, its person and its lease token; what is not reported comes back when the
lease ends.';
grant execute on function private.claim_jobs(text, integer, integer) to thumbsmith_sidecar;
