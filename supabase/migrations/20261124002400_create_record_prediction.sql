-- Purpose: how the sidecar reports the state of a prediction.
-- Touches: functions private.settle_prediction, private.settle_cancel, private.record_prediction.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function.

create function private.settle_prediction(job private.outbox, prediction jsonb)
returns void
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_status constant text := settle_prediction.prediction ->> 'status';
    v_error constant text := settle_prediction.prediction ->> 'error';
    v_is_final constant boolean := private.record_run(
        settle_prediction.job.run_id, settle_prediction.prediction
    );
    v_run private.generation_runs;
begin
    select r.* into v_run
    from private.generation_runs as r
    where r.id = settle_prediction.job.run_id;

    if v_status = 'succeeded' and v_run.output_url is not null then
        perform private.start_storing(settle_prediction.job.generation_id);
        perform private.continue_job(settle_prediction.job.id, 'store');
    elsif v_is_final then
        perform private.fail_run(
            settle_prediction.job,
            'failed',
            case
                when v_status = 'succeeded'
                    and settle_prediction.prediction -> 'data_removed' = 'true'
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
        where g.id = settle_prediction.job.generation_id
    ) then
        perform private.expire_generation(settle_prediction.job.generation_id);
    else
        perform private.continue_job(
            settle_prediction.job.id, 'poll', now() + private.poll_interval(v_run.polls)
        );
    end if;
end;
$$;

comment on function private.settle_prediction(private.outbox, jsonb) is
'Decides what follows from the state of a prediction: store, another model, fail with refund,
expire, or look again.';

create function private.settle_cancel(job private.outbox, prediction jsonb)
returns void
language plpgsql
volatile
set search_path = ''
as $$
begin
    -- What counts is that the provider stops; until it does, ask again.
    if private.record_run(settle_cancel.job.run_id, settle_cancel.prediction) then
        perform private.finish_job(settle_cancel.job.id);
    else
        perform private.retry_job(settle_cancel.job.id);
    end if;
end;
$$;

comment on function private.settle_cancel(private.outbox, jsonb) is
'A prediction that nobody waits for: stopped, and its cost counted; a picture it may have made is
not looked at.';

create function private.record_prediction(job_id bigint, lease_token uuid, prediction jsonb)
returns text
language plpgsql
volatile
-- security definer because the sidecar's role holds no table
security definer
set search_path = ''
as $$
declare
    v_job private.outbox := private.held_job(
        record_prediction.job_id, record_prediction.lease_token
    );
begin
    if v_job.id is null then
        return 'stale';
    end if;

    case v_job.kind
        when 'poll' then
            perform private.settle_prediction(v_job, record_prediction.prediction);
        when 'cancel' then
            perform private.settle_cancel(v_job, record_prediction.prediction);
        when 'find' then
            if record_prediction.prediction ->> 'id' is null then
                perform private.look_again(v_job);
            else
                perform private.adopt_prediction(
                    v_job.run_id, record_prediction.prediction ->> 'id'
                );
            end if;
    end case;
    return 'ok';
end;
$$;

comment on function private.record_prediction(bigint, uuid, jsonb) is
'The prediction as the provider shows it now, after a poll, a cancel or a find; null when a find
found none. ok, or stale.';
grant execute on function private.record_prediction(bigint, uuid, jsonb) to thumbsmith_sidecar;
