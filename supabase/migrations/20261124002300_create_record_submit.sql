-- Purpose: how the sidecar reports what became of a submission.
-- Touches: functions private.record_submitted, private.record_submit_refused,
--          private.record_submit_unknown.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function.

create function private.record_submitted(job_id bigint, lease_token uuid, prediction jsonb)
returns text
language plpgsql
volatile
-- security definer because the sidecar's role holds no table
security definer
set search_path = ''
as $$
declare
    v_job private.outbox := private.held_job(record_submitted.job_id, record_submitted.lease_token);
begin
    if v_job.id is null then
        return 'stale';
    end if;

    update private.generation_runs as r
    set
        status = 'processing',
        prediction_id = record_submitted.prediction ->> 'id',
        provider_status = record_submitted.prediction ->> 'status'
    where r.id = v_job.run_id
        and r.status = 'submitting';

    if found then
        perform private.note_further_attempt(v_job.run_id);
    end if;

    perform private.start_processing(v_job.generation_id);

    -- Canceled or expired while the call was under way: then this prediction is an orphan.
    if (
        select g.finished_at is not null
        from public.generations as g
        where g.id = v_job.generation_id
    ) then
        perform private.release_work(v_job.generation_id);
        return 'ok';
    end if;

    perform private.continue_job(
        v_job.id,
        'poll',
        case
            when exists (
                select
                from private.replicate_webhooks as w
                inner join private.generation_runs as r on w.attempt_token = r.attempt_token
                where r.id = v_job.run_id
            ) then now()
            else now() + private.poll_interval(0)
        end
    );

    return 'ok';
end;
$$;

comment on function private.record_submitted(bigint, uuid, jsonb) is
'The provider took the attempt and answered with this prediction. ok, or stale.';
grant execute on function private.record_submitted(bigint, uuid, jsonb) to thumbsmith_sidecar;

create function private.record_submit_refused(
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
    v_job private.outbox := private.held_job(
        record_submit_refused.job_id, record_submit_refused.lease_token
    );
begin
    if v_job.id is null then
        return 'stale';
    end if;

    -- Throttled: nothing was made, so asking again later is safe, until the deadline.
    if record_submit_refused.http_status = 429 then
        delete from private.generation_runs as r
        where r.id = v_job.run_id;

        perform private.retry_job(
            v_job.id,
            'provider_throttled',
            now() + greatest(
                make_interval(secs => coalesce(record_submit_refused.retry_after_seconds, 0)),
                private.backoff(v_job.attempts)
            )
        );

        return 'ok';
    end if;

    perform private.fail_run(
        v_job,
        'refused',
        case record_submit_refused.http_status
            when 422 then 'input_refused'
            else 'provider_unavailable'
        end,
        record_submit_refused.detail,
        record_submit_refused.http_status
    );
    return 'ok';
end;
$$;

comment on function private.record_submit_refused(bigint, uuid, integer, text, integer) is
'The provider refused with this HTTP status and certainly made nothing: tried again when throttled
(429), else sent to the next model or failed with the credits back. ok, or stale.';
grant execute on function private.record_submit_refused(bigint, uuid, integer, text, integer)
to thumbsmith_sidecar;

create function private.record_submit_unknown(job_id bigint, lease_token uuid, detail text)
returns text
language plpgsql
volatile
-- security definer because the sidecar's role holds no table
security definer
set search_path = ''
as $$
declare
    v_job private.outbox := private.held_job(
        record_submit_unknown.job_id, record_submit_unknown.lease_token
    );
begin
    if v_job.id is null then
        return 'stale';
    end if;

    perform private.lose_answer(v_job, record_submit_unknown.detail);
    return 'ok';
end;
$$;

comment on function private.record_submit_unknown(bigint, uuid, text) is
'No answer, so the provider may have the attempt or not: its webhook or the provider''s list adopts
it, or another attempt follows after the grace time. ok, or stale.';
grant execute on function private.record_submit_unknown(bigint, uuid, text) to thumbsmith_sidecar;
