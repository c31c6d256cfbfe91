-- Purpose: whether a report of the sidecar is about a job that it holds, of the person it names.
-- Touches: functions private.refuse_job_of_another_person, private.lock_reported_generation_job,
--          private.lock_reported_job.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function.

create function private.refuse_job_of_another_person()
returns void
language plpgsql
-- Not immutable: whoever plans a call of it would be refused.
stable
set search_path = ''
as $$
begin
    raise sqlstate 'PT403' using
        message = 'job_of_another_person',
        detail = 'This job is not of the person that the report names.',
        hint = 'Report a job with the profile_id that claim_jobs() gave with it.';
end;
$$;

comment on function private.refuse_job_of_another_person() is
'Refuses with PT403 job_of_another_person.';

create function private.lock_reported_generation_job(
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
    v_job constant private.generation_jobs := private.lock_leased_generation_job(
        lock_reported_generation_job.profile_id,
        lock_reported_generation_job.job_id,
        lock_reported_generation_job.lease_token
    );
begin
    -- By its number alone, since the point is that the person may be a wrong one.
    if v_job.id is null and exists (
        select
        from private.generation_jobs as j
        where j.id = lock_reported_generation_job.job_id
            and j.lease_token = lock_reported_generation_job.lease_token
            and j.profile_id is distinct from lock_reported_generation_job.profile_id
    ) then
        perform private.refuse_job_of_another_person();
    end if;

    return v_job;
end;
$$;

comment on function private.lock_reported_generation_job(uuid, bigint, uuid) is
'The job of a picture, locked, if this lease still holds it; else null and the report is stale.
PT403 job_of_another_person.';

create function private.lock_reported_job(profile_id uuid, job_id bigint, lease_token uuid)
returns private.jobs
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_job constant private.jobs := private.lock_leased_job(
        lock_reported_job.job_id, lock_reported_job.lease_token
    );
begin
    if v_job.id is not null
        and v_job.profile_id is distinct from lock_reported_job.profile_id
    then
        perform private.refuse_job_of_another_person();
    end if;

    return v_job;
end;
$$;

comment on function private.lock_reported_job(uuid, bigint, uuid) is
'The job that is about no picture, locked, if this lease still holds it; else null and the report is
stale. profile_id is null where the job has none. PT403 job_of_another_person.';
