-- Purpose: how the sidecar reports the state of a prediction.
-- Touches: functions private.settle_provider_job, private.settle_cancel,
--          private.report_provider_job.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function.

create function private.settle_provider_job(job private.generation_jobs, provider_job jsonb)
returns void
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_status constant text := settle_provider_job.provider_job ->> 'status';
    v_error constant text := settle_provider_job.provider_job ->> 'error';
    v_is_final constant boolean := private.store_attempt_state(
        settle_provider_job.job.profile_id,
        settle_provider_job.job.attempt_id,
        settle_provider_job.provider_job
    );
    v_attempt private.generation_attempts;
begin
    select a.* into v_attempt
    from private.generation_attempts as a
    where a.profile_id = settle_provider_job.job.profile_id
        and a.id = settle_provider_job.job.attempt_id;

    if v_status = 'succeeded' and v_attempt.output_url is not null then
        perform private.start_storing(
            settle_provider_job.job.profile_id, settle_provider_job.job.generation_id
        );
        perform private.continue_generation_job(
            settle_provider_job.job.profile_id, settle_provider_job.job.id, 'store'
        );
    elsif v_is_final then
        perform private.fail_attempt(
            settle_provider_job.job,
            'failed',
            case
                when v_status = 'succeeded'
                    and settle_provider_job.provider_job -> 'data_removed' = 'true'
                then 'output_gone'
                when v_status = 'succeeded' then 'output_missing'
                when v_error ~* '(nsfw|safety|sensitive|flagged|content policy)'
                then 'content_rejected'
                when v_status = 'failed' then 'provider_failed'
                else 'provider_stopped'
            end,
            v_error
        );
    elsif (
        select g.deadline_at <= now()
        from public.generations as g
        where g.profile_id = settle_provider_job.job.profile_id
            and g.id = settle_provider_job.job.generation_id
    ) then
        perform private.expire_generation(
            settle_provider_job.job.profile_id, settle_provider_job.job.generation_id
        );
    else
        perform private.continue_generation_job(
            settle_provider_job.job.profile_id,
            settle_provider_job.job.id,
            'poll',
            now() + private.poll_interval(v_attempt.polls)
        );
    end if;
end;
$$;

comment on function private.settle_provider_job(private.generation_jobs, jsonb) is
'Decides what follows from the state of a prediction: store, another model, fail with refund,
expire, or look again.';

create function private.settle_cancel(job private.generation_jobs, provider_job jsonb)
returns void
language plpgsql
volatile
set search_path = ''
as $$
begin
    -- What counts is that the provider stops; until it does, ask again.
    if private.store_attempt_state(
        settle_cancel.job.profile_id, settle_cancel.job.attempt_id, settle_cancel.provider_job
    ) then
        perform private.finish_generation_job(settle_cancel.job.profile_id, settle_cancel.job.id);
    else
        perform private.retry_generation_job(settle_cancel.job.profile_id, settle_cancel.job.id);
    end if;
end;
$$;

comment on function private.settle_cancel(private.generation_jobs, jsonb) is
'A prediction that nobody waits for: stopped, and its cost counted; a picture it may have made is
not looked at.';

create function private.report_provider_job(
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
        report_provider_job.profile_id,
        report_provider_job.job_id,
        report_provider_job.lease_token
    );
begin
    if v_job.id is null then
        return 'stale';
    end if;

    case v_job.kind
        when 'poll' then
            perform private.settle_provider_job(v_job, report_provider_job.provider_job);
        when 'cancel' then
            perform private.settle_cancel(v_job, report_provider_job.provider_job);
        when 'find' then
            if report_provider_job.provider_job ->> 'id' is null then
                perform private.retry_find(v_job);
            else
                perform private.adopt_provider_job(
                    v_job.profile_id,
                    v_job.attempt_id,
                    report_provider_job.provider_job ->> 'id'
                );
            end if;
    end case;
    return 'ok';
end;
$$;

comment on function private.report_provider_job(uuid, bigint, uuid, jsonb) is
'The prediction as the provider shows it now, after a poll, a cancel or a find; null when a find
found none. ok, or stale.';
grant execute on function private.report_provider_job(uuid, bigint, uuid, jsonb)
to thumbsmith_sidecar;
