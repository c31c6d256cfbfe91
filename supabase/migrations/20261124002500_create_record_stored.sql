-- Purpose: how the sidecar reports a stored picture, or any other failure.
-- Touches: functions private.record_stored, private.record_job_failed.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function.

create function private.record_stored(job_id bigint, lease_token uuid, stored jsonb)
returns text
language plpgsql
volatile
-- security definer because the sidecar's role holds no table
security definer
set search_path = ''
as $$
declare
    v_job private.outbox := private.held_job(record_stored.job_id, record_stored.lease_token);
begin
    if v_job.id is null then
        return 'stale';
    end if;

    perform private.finish_generation(
        v_job.generation_id, 'succeeded', null, record_stored.stored ->> 'object_path'
    );

    delete from private.outbox as o
    where o.id = v_job.id;

    return 'ok';
end;
$$;

comment on function private.record_stored(bigint, uuid, jsonb) is
'The picture is in Storage at stored.object_path: the generation succeeded. ok, or stale.';
grant execute on function private.record_stored(bigint, uuid, jsonb) to thumbsmith_sidecar;

create function private.record_job_failed(
    job_id bigint,
    lease_token uuid,
    slug text,
    detail text,
    permanent boolean
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
    v_is_exhausted boolean;
begin
    if v_job.id is null then
        return 'stale';
    end if;

    select record_job_failed.permanent or v_job.attempts + 1 >= s.job_attempts_max
    into v_is_exhausted
    from private.settings as s;

    if v_job.generation_id is null then
        perform private.fail_stripe_job(
            v_job, record_job_failed.slug, record_job_failed.detail, record_job_failed.permanent,
            v_is_exhausted
        );
    elsif v_job.kind = 'cancel' and v_is_exhausted then
        -- The money is settled; the orphan costs at most until its own deadline. A person should
        -- look.
        update private.outbox as o
        set
            dead_at = now(),
            attempts = o.attempts + 1,
            lease_token = null,
            last_error = record_job_failed.slug
        where o.id = v_job.id;
    elsif v_is_exhausted then
        perform private.fail_run(v_job, 'failed', record_job_failed.slug, record_job_failed.detail);
    else
        -- A submit that failed before the call left no trace at the provider: the same attempt may
        -- go.
        delete from private.generation_runs as r
        where v_job.kind = 'submit'
            and r.id = v_job.run_id
            and r.status = 'submitting';

        update private.outbox as o
        set
            due_at = now() + private.backoff(o.attempts),
            attempts = o.attempts + 1,
            run_id = case when v_job.kind = 'submit' then null else o.run_id end,
            lease_token = null,
            last_error = record_job_failed.slug
        where o.id = v_job.id;
    end if;
    return 'ok';
end;
$$;

comment on function private.record_job_failed(bigint, uuid, text, text, boolean) is
'The job did not work out, for the reason slug: tried again with growing waits, or, when permanent
or tried too often, ended with the credits back. For a submit: only when nothing was sent. ok, or
stale.';
grant execute on function private.record_job_failed(bigint, uuid, text, text, boolean)
to thumbsmith_sidecar;
