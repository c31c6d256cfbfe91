-- Purpose: how the sidecar reports the state of a prediction, and its webhook.
-- Touches: functions private.output_url, private.poll_interval, private.settle_prediction,
--          private.record_prediction, private.record_replicate_webhook.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function.

create function private.output_url(output jsonb)
returns text
language sql
immutable
set search_path = ''
as $$
    -- Models answer with a URI, a list of URIs, or objects that hold one.
    select case jsonb_typeof(output_url.output)
        when 'string' then output_url.output #>> '{}'
        when 'object' then output_url.output ->> 'url'
        when 'array' then coalesce(output_url.output #>> '{0,url}', output_url.output ->> 0)
    end;
$$;

comment on function private.output_url(jsonb) is
'The first file of a prediction''s output, or null.';

create function private.poll_interval(polls integer)
returns interval
language sql
immutable
set search_path = ''
as $$
    select case
        when poll_interval.polls < 5 then interval '2 seconds'
        when poll_interval.polls < 10 then interval '5 seconds'
        when poll_interval.polls < 20 then interval '10 seconds'
        else interval '30 seconds'
    end;
$$;

comment on function private.poll_interval(integer) is
'How long to wait before the next look, after this many.';

create function private.expire_generation(generation_id uuid)
returns boolean
language plpgsql
volatile
set search_path = ''
as $$
begin
    if not private.finish_generation(expire_generation.generation_id, 'expired') then
        return false;
    end if;
    perform private.abandon_run(expire_generation.generation_id);
    return true;
end;
$$;

comment on function private.expire_generation(uuid) is
'Ends a generation whose deadline has passed: credits back, and its attempt cancelled.';

create function private.settle_prediction(job private.outbox, prediction jsonb)
returns void
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_status constant text := settle_prediction.prediction ->> 'status';
    v_url constant text := private.output_url(settle_prediction.prediction -> 'output');
    v_error constant text := left(settle_prediction.prediction ->> 'error', 2000);
    v_is_final constant boolean := v_status in ('succeeded', 'failed', 'canceled', 'aborted');
begin
    update private.generation_runs as r
    set
        provider_status = v_status,
        provider_error = v_error,
        output_url = v_url,
        polls = r.polls + 1,
        predict_seconds = case
            when jsonb_typeof(settle_prediction.prediction #> '{metrics,predict_time}') = 'number'
            then (settle_prediction.prediction #>> '{metrics,predict_time}')::numeric
        end,
        status = case
            when not v_is_final then r.status
            when v_status = 'aborted' then 'canceled'
            else v_status
        end,
        finished_at = case when v_is_final then now() end
    where r.id = settle_prediction.job.run_id
        and r.finished_at is null;

    if settle_prediction.job.kind = 'cancel' then
        -- What counts is that the provider stops; until it does, ask again.
        if v_is_final then
            delete from private.outbox as o
            where o.id = settle_prediction.job.id;
        else
            update private.outbox as o
            set
                due_at = now() + private.backoff(o.attempts),
                attempts = o.attempts + 1,
                lease_token = null
            where o.id = settle_prediction.job.id;
        end if;
    elsif v_status = 'succeeded' and v_url is not null then
        update public.generations as g
        set status = 'storing'
        where g.id = settle_prediction.job.generation_id
            and g.status = 'processing';

        update private.outbox as o
        set
            kind = 'store',
            due_at = now(),
            attempts = 0,
            lease_token = null
        where o.id = settle_prediction.job.id;
    elsif v_is_final then
        perform private.fail_run(
            settle_prediction.job,
            'failed',
            case
                when v_status = 'succeeded' then 'output_missing'
                when v_error ~* '(nsfw|safety|sensitive|flagged|content policy)'
                then 'content_rejected'
                when v_status = 'failed' then 'provider_failed'
                else 'provider_stopped'
            end,
            v_error
        );
    -- Unknown statuses are not final: our own deadline bounds them.
    elsif (
        select g.deadline_at <= now()
        from public.generations as g
        where g.id = settle_prediction.job.generation_id
    ) then
        perform private.expire_generation(settle_prediction.job.generation_id);
    else
        update private.outbox as o
        set
            due_at = now() + private.poll_interval(r.polls),
            attempts = 0,
            lease_token = null
        from private.generation_runs as r
        where o.id = settle_prediction.job.id
            and r.id = settle_prediction.job.run_id;
    end if;
end;
$$;

comment on function private.settle_prediction(private.outbox, jsonb) is
'Decides what follows from the state of a prediction: store, fail with refund, expire, or look
again.';

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

    perform private.settle_prediction(v_job, record_prediction.prediction);
    return 'ok';
end;
$$;

comment on function private.record_prediction(bigint, uuid, jsonb) is
'The prediction as the provider shows it now, after a poll or a cancel. ok, or stale.';
grant execute on function private.record_prediction(bigint, uuid, jsonb) to thumbsmith_sidecar;

create function private.record_replicate_webhook(webhook_id text, attempt_token uuid, body jsonb)
returns text
language plpgsql
volatile
-- security definer because the sidecar's role holds no table
security definer
set search_path = ''
as $$
declare
    v_run private.generation_runs;
    v_job private.outbox;
begin
    insert into private.replicate_webhooks (webhook_id, attempt_token, body)
    values (
        record_replicate_webhook.webhook_id,
        record_replicate_webhook.attempt_token,
        -- The input holds signed URLs of faces: not kept.
        record_replicate_webhook.body - 'input' - 'logs'
    )
    on conflict on constraint replicate_webhooks_pkey do nothing;

    if not found then
        return 'duplicate';
    end if;

    -- The outbox row first, as everywhere.
    select o.* into v_job
    from private.outbox as o
    inner join private.generation_runs as r on o.generation_id = r.generation_id
    where r.attempt_token = record_replicate_webhook.attempt_token
    for update of o;

    select r.* into v_run
    from private.generation_runs as r
    where r.attempt_token = record_replicate_webhook.attempt_token
        and r.finished_at is null
    for update;

    -- Of an attempt that nobody waits for any more, or of none: stored, and that is all.
    if v_run.id is null or v_job.id is null then
        return 'stored';
    end if;

    -- The answer to the submission was lost, but here is the prediction's id: adopt it.
    if v_run.status = 'submit_unknown' and record_replicate_webhook.body ->> 'id' is not null then
        update private.generation_runs as r
        set
            status = 'processing',
            prediction_id = record_replicate_webhook.body ->> 'id'
        where r.id = v_run.id;

        update public.generations as g
        set status = 'processing'
        where g.id = v_run.generation_id
            and g.status = 'submitting';

        update private.outbox as o
        set
            kind = case
                when exists (
                    select
                    from public.generations as g
                    where g.id = v_run.generation_id
                        and g.finished_at is not null
                ) then 'cancel'
                else 'poll'
            end,
            run_id = v_run.id,
            due_at = now(),
            attempts = 0,
            lease_token = null
        where o.id = v_job.id;
    elsif v_job.kind = 'poll' then
        -- Also while a poll is under way: it may have looked too early, so its lease ends here.
        update private.outbox as o
        set
            due_at = now(),
            lease_token = null
        where o.id = v_job.id;
    end if;

    perform private.wake_worker();
    return 'stored';
end;
$$;

comment on function private.record_replicate_webhook(text, uuid, jsonb) is
'Stores a verified webhook and has its prediction looked at now; adopts an attempt whose answer was
lost. stored, or duplicate.';
grant execute on function private.record_replicate_webhook(text, uuid, jsonb) to thumbsmith_sidecar;
