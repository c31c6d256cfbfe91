-- Purpose: the sidecar reports that a job failed: which kind is tried again, and which is given up.
-- Touches: functions private.fail_generation_job, private.fail_other_job,
--          private.report_job_failed.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function.

create function private.fail_generation_job(
    job private.generation_jobs,
    slug text,
    detail text,
    is_permanent boolean
)
returns void
language plpgsql
volatile
set search_path = ''
as $$
begin
    case
        when fail_generation_job.job.kind = 'find' then
            perform private.fail_find(
                fail_generation_job.job, fail_generation_job.slug, fail_generation_job.is_permanent
            );
        when fail_generation_job.job.kind = 'cancel' then
            perform private.fail_cancel(
                fail_generation_job.job, fail_generation_job.slug, fail_generation_job.is_permanent
            );
        when fail_generation_job.is_permanent then
            perform private.fail_attempt(
                fail_generation_job.job, 'failed', fail_generation_job.slug,
                fail_generation_job.detail
            );
        else
            -- A submit that failed before the call left no trace at the provider: it may go again.
            -- A thumbnail that was paid for is tried until the generation expires.
            delete from private.generation_attempts as a
            where a.profile_id = fail_generation_job.job.profile_id
                and a.id = fail_generation_job.job.attempt_id
                and a.status = 'submitting';

            perform private.retry_generation_job(
                fail_generation_job.job.profile_id, fail_generation_job.job.id,
                fail_generation_job.slug
            );
    end case;
end;
$$;

comment on function private.fail_generation_job(private.generation_jobs, text, text, boolean) is
'What follows from a job of a picture that did not work out.';

create function private.fail_other_job(
    job private.jobs,
    slug text,
    detail text,
    is_permanent boolean
)
returns void
language plpgsql
volatile
set search_path = ''
as $$
begin
    if fail_other_job.job.kind in ('remove_user_image', 'erase') then
        perform private.fail_removal(
            fail_other_job.job, fail_other_job.slug, fail_other_job.is_permanent
        );
    else
        perform private.fail_stripe_job(
            fail_other_job.job, fail_other_job.slug, fail_other_job.detail,
            fail_other_job.is_permanent
        );
    end if;
end;
$$;

comment on function private.fail_other_job(private.jobs, text, text, boolean) is
'What follows from a job about no picture that did not work out.';

create function private.report_job_failed(
    profile_id uuid,
    job_id bigint,
    lease_token uuid,
    slug text,
    detail text,
    is_permanent boolean
)
returns text
language plpgsql
volatile
-- security definer because the sidecar's role holds no table
security definer
set search_path = ''
as $$
declare
    v_picture private.generation_jobs;
    v_other private.jobs;
begin
    v_picture := private.lock_reported_generation_job(
        report_job_failed.profile_id, report_job_failed.job_id, report_job_failed.lease_token
    );

    if v_picture.id is not null then
        perform private.fail_generation_job(
            v_picture, report_job_failed.slug, report_job_failed.detail,
            report_job_failed.is_permanent
        );
        return 'ok';
    end if;

    v_other := private.lock_reported_job(
        report_job_failed.profile_id, report_job_failed.job_id, report_job_failed.lease_token
    );

    if v_other.id is null then
        return 'stale';
    end if;

    perform private.fail_other_job(
        v_other, report_job_failed.slug, report_job_failed.detail, report_job_failed.is_permanent
    );
    return 'ok';
end;
$$;

comment on function private.report_job_failed(uuid, bigint, uuid, text, text, boolean) is
'The job did not work out, for the reason slug: tried again with growing waits, or, when
is_permanent, ended with the credits back. A job that nobody paid for is given up when it was tried
too often. For a submit: only when nothing was sent. ok, or stale.';
grant execute on function private.report_job_failed(uuid, bigint, uuid, text, text, boolean)
to thumbsmith_sidecar;
