-- Purpose: how the sidecar reports what became of a submission.
-- Touches: functions private.report_submitted, private.report_submit_refused,
--          private.report_submit_unknown.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function.

create function private.report_submitted(
    profile_id uuid,
    job_id bigint,
    lease_token uuid,
    provider_job jsonb
)
returns text
language plpgsql
volatile
-- security definer because the sidecar's role holds no table
security definer
set search_path = ''
as $$
declare
    v_job private.generation_jobs := private.lock_reported_generation_job(
        report_submitted.profile_id, report_submitted.job_id, report_submitted.lease_token
    );
begin
    if v_job.id is null then
        return 'stale';
    end if;

    update private.generation_attempts as a
    set
        status = 'processing',
        provider_job_id = report_submitted.provider_job ->> 'id',
        provider_status = report_submitted.provider_job ->> 'status'
    where a.profile_id = v_job.profile_id
        and a.id = v_job.attempt_id
        and a.status = 'submitting';

    if found then
        perform private.count_attempt_cost(v_job.profile_id, v_job.attempt_id);
    end if;

    perform private.start_processing(v_job.profile_id, v_job.generation_id);

    -- Canceled or expired while the call was under way: then this prediction is an orphan.
    if (
        select g.finished_at is not null
        from public.generations as g
        where g.profile_id = v_job.profile_id
            and g.id = v_job.generation_id
    ) then
        perform private.release_work(v_job.profile_id, v_job.generation_id);
        return 'ok';
    end if;

    perform private.continue_generation_job(
        v_job.profile_id,
        v_job.id,
        'poll',
        case
            when exists (
                select
                from private.provider_webhooks as w
                inner join private.generation_attempts as a
                    on w.profile_id = a.profile_id and w.attempt_token = a.attempt_token
                where a.profile_id = v_job.profile_id
                    and a.id = v_job.attempt_id
            ) then now()
            else now() + private.poll_interval(0)
        end
    );

    return 'ok';
end;
$$;

comment on function private.report_submitted(uuid, bigint, uuid, jsonb) is
'The provider took the attempt and answered with this prediction. ok, or stale.';
grant execute on function private.report_submitted(uuid, bigint, uuid, jsonb) to thumbsmith_sidecar;

create function private.report_submit_refused(
    profile_id uuid,
    job_id bigint,
    lease_token uuid,
    http_status integer,
    detail text,
    retry_after_seconds integer
)
returns text
language plpgsql
volatile
-- security definer because the sidecar's role holds no table
security definer
set search_path = ''
as $$
declare
    v_job private.generation_jobs := private.lock_reported_generation_job(
        report_submit_refused.profile_id,
        report_submit_refused.job_id,
        report_submit_refused.lease_token
    );
begin
    if v_job.id is null then
        return 'stale';
    end if;

    -- Throttled: nothing was made, so asking again later is safe, until the deadline.
    if report_submit_refused.http_status = 429 then
        delete from private.generation_attempts as a
        where a.profile_id = v_job.profile_id
            and a.id = v_job.attempt_id;

        perform private.retry_generation_job(
            v_job.profile_id,
            v_job.id,
            'provider_throttled',
            now() + greatest(
                make_interval(secs => coalesce(report_submit_refused.retry_after_seconds, 0)),
                private.backoff(v_job.tries)
            )
        );

        return 'ok';
    end if;

    perform private.fail_attempt(
        v_job,
        'refused',
        case report_submit_refused.http_status
            when 422 then 'input_refused'
            else 'provider_unavailable'
        end,
        report_submit_refused.detail,
        report_submit_refused.http_status
    );
    return 'ok';
end;
$$;

comment on function private.report_submit_refused(uuid, bigint, uuid, integer, text, integer) is
'The provider refused with this HTTP status and certainly made nothing: tried again when throttled
(429), else sent to the next model or failed with the credits back. ok, or stale.';
grant execute on function private.report_submit_refused(uuid, bigint, uuid, integer, text, integer)
to thumbsmith_sidecar;

create function private.report_submit_unknown(
    profile_id uuid,
    job_id bigint,
    lease_token uuid,
    detail text
)
returns text
language plpgsql
volatile
-- security definer because the sidecar's role holds no table
security definer
set search_path = ''
as $$
declare
    v_job private.generation_jobs := private.lock_reported_generation_job(
        report_submit_unknown.profile_id,
        report_submit_unknown.job_id,
        report_submit_unknown.lease_token
    );
begin
    if v_job.id is null then
        return 'stale';
    end if;

    perform private.mark_submit_unknown(v_job, report_submit_unknown.detail);
    return 'ok';
end;
$$;

comment on function private.report_submit_unknown(uuid, bigint, uuid, text) is
'No answer, so the provider may have the attempt or not: its webhook or the provider''s list adopts
it, or another attempt follows after the grace time. ok, or stale.';
grant execute on function private.report_submit_unknown(uuid, bigint, uuid, text)
to thumbsmith_sidecar;
