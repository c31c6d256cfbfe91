-- Purpose: what an operator may do to a job by hand, with who and why.
-- Touches: functions private.lock_job, private.operator_retry_job, private.operator_drop_job.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function.

-- Nobody is granted EXECUTE: these are for the role that owns them, through `thumbsmith jobs`.

create function private.lock_job(job_id bigint)
returns private.all_jobs
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_profile_id uuid;
    v_job private.all_jobs;
begin
    -- An operator names a job by its number: this finds its person.
    select j.profile_id into v_profile_id
    from private.generation_jobs as j
    where j.id = lock_job.job_id;

    if found then
        perform
        from private.generation_jobs as j
        where j.profile_id = v_profile_id
            and j.id = lock_job.job_id
        for update;
    else
        perform
        from private.jobs as j
        where j.id = lock_job.job_id
        for update;
    end if;

    select j.* into v_job
    from private.all_jobs as j
    where j.id = lock_job.job_id;

    if not found then
        raise sqlstate 'PT404' using
            message = 'job_not_found',
            detail = 'There is no such job.',
            hint = 'See what there is with: thumbsmith jobs list --all';
    end if;

    if v_job.lease_token is not null and v_job.due_at > now() then
        raise sqlstate 'PT409' using
            message = 'job_is_running',
            detail = format('A worker has it until %s at the latest.', v_job.due_at),
            hint = 'Wait until then.';
    end if;

    return v_job;
end;
$$;

comment on function private.lock_job(bigint) is
'The job of either table, locked. Refuses with PT404 job_not_found; PT409 job_is_running.';

create function private.operator_retry_job(job_id bigint, who text, why text)
returns private.all_jobs
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_job private.all_jobs := private.lock_job(operator_retry_job.job_id);
begin
    perform private.audit(
        operator_retry_job.who, 'retry_job', operator_retry_job.why,
        format('operator:job:%s:%s', v_job.id, gen_random_uuid()),
        null, jsonb_strip_nulls(to_jsonb(v_job)) - 'lease_token'
    );

    if v_job.kind in ('submit', 'find', 'poll', 'store', 'cancel') then
        perform private.continue_generation_job(v_job.profile_id, v_job.id, v_job.kind);
    else
        perform private.continue_job(v_job.id, v_job.kind);
    end if;
    perform private.wake_worker();

    select j.* into v_job
    from private.all_jobs as j
    where j.id = operator_retry_job.job_id;

    return v_job;
end;
$$;

comment on function private.operator_retry_job(bigint, text, text) is
'Has a job done now, with all its tries before it again; a dead one too. PT404 job_not_found; PT409
job_is_running; PT422 reason_required.';

create function private.operator_drop_job(job_id bigint, who text, why text)
returns private.all_jobs
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_job private.all_jobs := private.lock_job(operator_drop_job.job_id);
begin
    if v_job.kind in ('remove_user_image', 'erase') then
        raise sqlstate 'PT409' using
            message = 'job_is_owed',
            detail = 'Somebody asked for their data to be deleted: that is owed to them.',
            hint = 'Mend what is in its way, then: thumbsmith jobs retry';
    end if;

    perform private.audit(
        operator_drop_job.who, 'drop_job', operator_drop_job.why,
        format('operator:job:%s:%s', v_job.id, gen_random_uuid()),
        null, jsonb_strip_nulls(to_jsonb(v_job)) - 'lease_token'
    );

    if v_job.generation_id is not null then
        -- The credits go back. A submission whose answer is lost is still looked for.
        perform private.finish_generation(
            v_job.profile_id, v_job.generation_id, 'failed', 'stopped_by_operator'
        );
        perform private.release_work(v_job.profile_id, v_job.generation_id);
        perform private.wake_worker();
    elsif v_job.kind = 'cancel' then
        update private.generation_attempts as a
        set
            status = 'canceled',
            finished_at = now()
        where a.profile_id = v_job.profile_id
            and a.id = v_job.attempt_id
            and a.finished_at is null;

        perform private.finish_generation_job(v_job.profile_id, v_job.id);
    else
        if v_job.checkout_id is not null then
            perform private.close_checkout(
                v_job.profile_id, v_job.checkout_id, 'failed', 'stopped_by_operator');
        end if;

        perform private.finish_job(v_job.id);
    end if;

    return v_job;
end;
$$;

comment on function private.operator_drop_job(bigint, text, text) is
'Gives a job up: a generation fails with its credits back, a page of Stripe fails, an orphan at the
provider runs to its own deadline, an object of Stripe is left to the next comparison. PT404
job_not_found; PT409 job_is_running, job_is_owed; PT422 reason_required.';
