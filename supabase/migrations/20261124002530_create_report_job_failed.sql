-- Purpose: the sidecar reports that a job failed: which kind is tried again, and which is given up.
-- Touches: function private.report_job_failed.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function.

create function private.report_job_failed(
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
    v_job private.jobs := private.lock_leased_job(
        report_job_failed.job_id, report_job_failed.lease_token
    );
begin
    if v_job.id is null then
        return 'stale';
    end if;

    case
        when v_job.kind = 'find' then
            perform private.fail_find(
                v_job, report_job_failed.slug, report_job_failed.is_permanent
            );
        when v_job.kind = 'cancel' then
            perform private.fail_cancel(
                v_job, report_job_failed.slug, report_job_failed.is_permanent
            );
        -- A thumbnail that was paid for is tried until the generation expires.
        when v_job.kind in ('poll', 'store') and not report_job_failed.is_permanent then
            perform private.retry_job(v_job.id, report_job_failed.slug);
        when v_job.kind in ('remove_user_image', 'erase') then
            perform private.fail_removal(
                v_job, report_job_failed.slug, report_job_failed.is_permanent
            );
        when v_job.generation_id is null then
            perform private.fail_stripe_job(
                v_job, report_job_failed.slug, report_job_failed.detail,
                report_job_failed.is_permanent
            );
        when report_job_failed.is_permanent then
            perform private.fail_attempt(
                v_job, 'failed', report_job_failed.slug, report_job_failed.detail
            );
        else
            -- The submit failed before the call and left no trace at the provider: it may go again,
            -- until it expires.
            delete from private.generation_attempts as a
            where a.id = v_job.attempt_id
                and a.status = 'submitting';

            perform private.retry_job(v_job.id, report_job_failed.slug);
    end case;
    return 'ok';
end;
$$;

comment on function private.report_job_failed(bigint, uuid, text, text, boolean) is
'The job did not work out, for the reason slug: tried again with growing waits, or, when
is_permanent, ended with the credits back. A job that nobody paid for is given up when it was tried
too often. For a submit: only when nothing was sent. ok, or stale.';
grant execute on function private.report_job_failed(bigint, uuid, text, text, boolean)
to thumbsmith_sidecar;
