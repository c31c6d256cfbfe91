-- Purpose: the provider's webhooks come in.
-- Touches: function private.report_provider_webhook.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function.

create function private.report_provider_webhook(
    webhook_id text,
    profile_id uuid,
    attempt_token uuid,
    body jsonb
)
returns text
language plpgsql
volatile
-- security definer because the sidecar's role holds no table
security definer
set search_path = ''
as $$
declare
    v_provider_job_id constant text := report_provider_webhook.body ->> 'id';
    v_attempt private.generation_attempts;
    v_job private.generation_jobs;
begin
    select a.* into v_attempt
    from private.generation_attempts as a
    where a.profile_id = report_provider_webhook.profile_id
        and a.attempt_token = report_provider_webhook.attempt_token;

    -- By its token alone, since the point is that the person may be a wrong one.
    if not found and exists (
        select
        from private.generation_attempts as a
        where a.attempt_token = report_provider_webhook.attempt_token
    ) then
        return 'attempt_of_another_person';
    end if;

    insert into private.provider_webhooks (webhook_id, profile_id, attempt_token, body)
    values (
        report_provider_webhook.webhook_id,
        report_provider_webhook.profile_id,
        report_provider_webhook.attempt_token,
        -- The input holds signed URLs of user images: not kept.
        report_provider_webhook.body - 'input' - 'logs'
    )
    on conflict on constraint provider_webhooks_pkey do nothing;

    if not found then
        return 'duplicate';
    end if;

    -- The job's row first, as everywhere; then the attempt as it is by now.
    v_job := private.lock_generation_job(
        report_provider_webhook.profile_id, v_attempt.generation_id
    );

    select a.* into v_attempt
    from private.generation_attempts as a
    where a.profile_id = report_provider_webhook.profile_id
        and a.id = v_attempt.id
    for update;

    -- Of no attempt of ours, or of one whose answer is under way and will bring the id.
    if v_attempt.id is null or v_provider_job_id is null or v_attempt.status = 'submitting' then
        return 'stored';
    end if;

    if v_attempt.status = 'submit_unknown' then
        perform private.adopt_provider_job(
            v_attempt.profile_id, v_attempt.id, v_provider_job_id
        );
    elsif v_attempt.provider_job_id is null then
        -- The attempt was abandoned, and its provider job turns up after all.
        update private.generation_attempts as a
        set provider_job_id = v_provider_job_id
        where a.profile_id = v_attempt.profile_id
            and a.id = v_attempt.id;

        perform private.enqueue_cancel(v_attempt.profile_id, v_attempt.id);
    elsif v_attempt.provider_job_id <> v_provider_job_id then
        perform private.store_duplicate(v_attempt, v_provider_job_id);
    elsif v_job.attempt_id = v_attempt.id and v_job.kind = 'poll' then
        -- Also while a poll is under way.
        perform private.expedite_generation_job(v_job.profile_id, v_job.id);
    end if;

    perform private.wake_worker();
    return 'stored';
end;
$$;

comment on function private.report_provider_webhook(text, uuid, uuid, jsonb) is
'Stores a verified webhook and has its prediction looked at now; adopts an attempt whose answer was
lost, and has one that nobody waits for stopped. stored, duplicate, or
attempt_of_another_person, which stores nothing.';
grant execute on function private.report_provider_webhook(text, uuid, uuid, jsonb)
to thumbsmith_sidecar;
