-- Purpose: the provider's webhooks come in.
-- Touches: function private.record_replicate_webhook.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function.

create function private.record_replicate_webhook(webhook_id text, attempt_token uuid, body jsonb)
returns text
language plpgsql
volatile
-- security definer because the sidecar's role holds no table
security definer
set search_path = ''
as $$
declare
    v_prediction_id constant text := record_replicate_webhook.body ->> 'id';
    v_run private.generation_runs;
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
    perform from private.outbox as o
    inner join private.generation_runs as r on o.generation_id = r.generation_id
    where r.attempt_token = record_replicate_webhook.attempt_token
    for update of o;

    select r.* into v_run
    from private.generation_runs as r
    where r.attempt_token = record_replicate_webhook.attempt_token
    for update;

    -- Of no attempt of ours, or of one whose answer is under way and will bring the id.
    if v_run.id is null or v_prediction_id is null or v_run.status = 'submitting' then
        return 'stored';
    end if;

    if v_run.status = 'submit_unknown' then
        perform private.adopt_prediction(v_run.id, v_prediction_id);
    elsif v_run.prediction_id is null then
        -- Given up, and here it is after all.
        update private.generation_runs as r
        set prediction_id = v_prediction_id
        where r.id = v_run.id;

        perform private.want_cancel(v_run.id);
    elsif v_run.prediction_id <> v_prediction_id then
        perform private.note_twin(v_run, v_prediction_id);
    else
        -- Also while a poll is under way.
        perform private.expedite_job(o.id)
        from private.outbox as o
        where o.generation_id = v_run.generation_id
            and o.run_id = v_run.id
            and o.kind = 'poll';
    end if;

    perform private.wake_worker();
    return 'stored';
end;
$$;

comment on function private.record_replicate_webhook(text, uuid, jsonb) is
'Stores a verified webhook and has its prediction looked at now; adopts an attempt whose answer was
lost, and has one that nobody waits for stopped. stored, or duplicate.';
grant execute on function private.record_replicate_webhook(text, uuid, jsonb) to thumbsmith_sidecar;
