-- Purpose: how the sidecar reports the state of a prediction.
-- Touches: functions private.output_url, private.run_cost, private.record_run,
--          private.settle_prediction, private.settle_cancel, private.record_prediction.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function.

create function private.output_url(output jsonb, pointer text[] default null)
returns text
language sql
immutable
set search_path = ''
as $$
    -- Models answer with a URI, a list of URIs, or objects that hold one.
    select case
        when output_url.pointer is not null then output_url.output #>> output_url.pointer
        when jsonb_typeof(output_url.output) = 'string' then output_url.output #>> '{}'
        when jsonb_typeof(output_url.output) = 'object' then output_url.output ->> 'url'
        when jsonb_typeof(output_url.output) = 'array'
        then coalesce(output_url.output #>> '{0,url}', output_url.output ->> 0)
    end;
$$;

comment on function private.output_url(jsonb, text[]) is
'The file of a prediction''s output: where the pointer says, or the first one; null for none.';

create function private.run_cost(run private.generation_runs, provider_status text, seconds numeric)
returns bigint
language sql
immutable
set search_path = ''
as $$
    select case
        when run_cost.provider_status not in ('succeeded', 'failed', 'canceled') then 0
        when run_cost.run.cost_per_second_micros is not null
        then ceil(coalesce(run_cost.seconds, 0) * run_cost.run.cost_per_second_micros)::bigint
        -- By the picture: what failed made none, and what had not begun is not charged.
        when run_cost.provider_status = 'failed' then 0
        when run_cost.provider_status = 'canceled' and run_cost.seconds is null then 0
        else run_cost.run.expected_cost_micros
    end;
$$;

comment on function private.run_cost(private.generation_runs, text, numeric) is
'What a finished prediction costs, in millionths of a US dollar, by its status and its seconds of
work. aborted was never begun and costs nothing
(replicate.com/docs/topics/predictions/lifecycle).';

create function private.record_run(run_id uuid, prediction jsonb)
returns boolean
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_status constant text := record_run.prediction ->> 'status';
    v_is_final constant boolean :=
        coalesce(v_status in ('succeeded', 'failed', 'canceled', 'aborted'), false);
    v_seconds constant numeric := case
        when jsonb_typeof(record_run.prediction #> '{metrics,predict_time}') = 'number'
        -- Whatever a provider says: no negative cost, and none of more than a day.
        then least(
            greatest((record_run.prediction #>> '{metrics,predict_time}')::numeric, 0), 86400
        )
    end;
begin
    update private.generation_runs as r
    set
        provider_status = v_status,
        provider_error = left(record_run.prediction ->> 'error', 2000),
        polls = r.polls + 1,
        predict_seconds = v_seconds,
        cost_micros = case when v_is_final then private.run_cost(r, v_status, v_seconds) end,
        output_url = private.output_url(record_run.prediction -> 'output', m.output_pointer),
        status = case
            when not v_is_final or r.finished_at is not null then r.status
            when v_status = 'aborted' then 'canceled'
            else v_status
        end,
        finished_at = coalesce(r.finished_at, case when v_is_final then now() end)
    from private.generation_runs as q
    inner join public.generations as g on q.generation_id = g.id
    left join private.generation_models as m
        on g.generation_type = m.type_key and q.preference = m.preference
    where q.id = record_run.run_id
        and r.id = q.id
        -- Known already: a later look, at data that the provider has removed, must not blur it.
        and r.cost_micros is null;

    return v_is_final;
end;
$$;

comment on function private.record_run(uuid, jsonb) is
'Writes what the provider says of a prediction to its attempt. True when that is its end: any other
status, also one of tomorrow, is not, and our own deadline bounds it.';

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
        perform private.end_job(settle_cancel.job.id);
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
