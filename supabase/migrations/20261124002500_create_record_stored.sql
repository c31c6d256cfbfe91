-- Purpose: how the sidecar reports a stored picture, or any other failure.
-- Touches: functions private.record_stored,
--          private.fail_cancel, private.fail_find, private.record_job_failed.
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
        v_job.generation_id,
        'succeeded',
        null,
        record_stored.stored ->> 'object_path',
        record_stored.stored ->> 'preview_path'
    );

    perform private.end_job(v_job.id);

    return 'ok';
end;
$$;

comment on function private.record_stored(bigint, uuid, jsonb) is
'The picture is in Storage at stored.object_path, and its preview at stored.preview_path: the
generation succeeded. ok, or stale.';
grant execute on function private.record_stored(bigint, uuid, jsonb) to thumbsmith_sidecar;

create function private.fail_cancel(job private.outbox, slug text, is_exhausted boolean)
returns void
language plpgsql
volatile
set search_path = ''
as $$
begin
    if fail_cancel.slug = 'prediction_missing' then
        -- Removed by the provider, so it runs no more; what it cost is not known.
        update private.generation_runs as r
        set
            status = 'canceled',
            finished_at = now()
        where r.id = fail_cancel.job.run_id
            and r.finished_at is null;

        perform private.end_job(fail_cancel.job.id);
    -- The provider's own deadline ends the orphan too, so it is not urgent while that runs.
    elsif fail_cancel.is_exhausted and exists (
        select
        from private.generation_runs as r
        inner join public.generations as g on r.generation_id = g.id
        where r.id = fail_cancel.job.run_id
            and g.deadline_at < now() - interval '1 hour'
    ) then
        perform private.bury_job(fail_cancel.job.id, fail_cancel.slug);
    else
        perform private.retry_job(fail_cancel.job.id, fail_cancel.slug);
    end if;
end;
$$;

comment on function private.fail_cancel(private.outbox, text, boolean) is
'A prediction could not be stopped: tried again, given up an hour after the deadline. The money is
settled all the while.';

create function private.fail_find(job private.outbox, slug text, permanent boolean)
returns void
language plpgsql
volatile
set search_path = ''
as $$
begin
    -- Nobody waits for it, and the provider's own deadline has ended it long ago.
    if fail_find.permanent or exists (
        select
        from public.generations as g
        where g.id = fail_find.job.generation_id
            and g.finished_at is not null
            and g.deadline_at < now() - interval '1 hour'
    ) then
        perform private.look_again(fail_find.job);
    else
        perform private.retry_job(fail_find.job.id, fail_find.slug);
    end if;
end;
$$;

comment on function private.fail_find(private.outbox, text, boolean) is
'The provider''s list could not be read, so a lost attempt may be there or not: it is looked for
until the list answers. Nothing is sent again before that.';

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

    case
        when v_job.kind = 'find' then
            perform private.fail_find(
                v_job, record_job_failed.slug, record_job_failed.permanent
            );
        when v_job.kind = 'cancel' then
            perform private.fail_cancel(v_job, record_job_failed.slug, v_is_exhausted);
        -- Until it expires: a picture that was paid for is not thrown away for a bad minute.
        when v_job.kind in ('poll', 'store') and not record_job_failed.permanent then
            perform private.retry_job(v_job.id, record_job_failed.slug);
        when v_job.kind in ('remove_face', 'erase') then
            perform private.fail_removal(
                v_job, record_job_failed.slug, record_job_failed.permanent
            );
        when v_job.generation_id is null then
            perform private.fail_stripe_job(
                v_job, record_job_failed.slug, record_job_failed.detail,
                record_job_failed.permanent, v_is_exhausted
            );
        when record_job_failed.permanent then
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
'The job did not work out, for the reason slug: tried again with growing waits, or, when permanent,
ended with the credits back. A job that nobody paid for is given up when it was tried too often. For
a submit: only when nothing was sent. ok, or stale.';
grant execute on function private.record_job_failed(bigint, uuid, text, text, boolean)
to thumbsmith_sidecar;
