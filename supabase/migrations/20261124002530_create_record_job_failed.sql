-- Purpose: the sidecar reports that a job failed: which kind is tried again, and which is given up.
-- Touches: function private.record_job_failed.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function.

create function private.record_job_failed(
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
    v_job private.outbox := private.held_job(
        record_job_failed.job_id, record_job_failed.lease_token
    );
begin
    if v_job.id is null then
        return 'stale';
    end if;

    case
        when v_job.kind = 'find' then
            perform private.fail_find(
                v_job, record_job_failed.slug, record_job_failed.is_permanent
            );
        when v_job.kind = 'cancel' then
            perform private.fail_cancel(
                v_job, record_job_failed.slug, record_job_failed.is_permanent
            );
        -- Until it expires: a picture that was paid for is not thrown away for a bad minute.
        when v_job.kind in ('poll', 'store') and not record_job_failed.is_permanent then
            perform private.retry_job(v_job.id, record_job_failed.slug);
        when v_job.kind in ('remove_face', 'erase') then
            perform private.fail_removal(
                v_job, record_job_failed.slug, record_job_failed.is_permanent
            );
        when v_job.generation_id is null then
            perform private.fail_stripe_job(
                v_job, record_job_failed.slug, record_job_failed.detail,
                record_job_failed.is_permanent
            );
        when record_job_failed.is_permanent then
            perform private.fail_run(
                v_job, 'failed', record_job_failed.slug, record_job_failed.detail
            );
        else
            -- Failed before the call, so it left no trace at the provider: the same attempt may go,
            -- until it expires.
            delete from private.generation_runs as r
            where r.id = v_job.run_id
                and r.status = 'submitting';

            perform private.retry_job(v_job.id, record_job_failed.slug);
    end case;
    return 'ok';
end;
$$;

comment on function private.record_job_failed(bigint, uuid, text, text, boolean) is
'The job did not work out, for the reason slug: tried again with growing waits, or, when
is_permanent, ended with the credits back. A job that nobody paid for is given up when it was tried
too often. For a submit: only when nothing was sent. ok, or stale.';
grant execute on function private.record_job_failed(bigint, uuid, text, text, boolean)
to thumbsmith_sidecar;
