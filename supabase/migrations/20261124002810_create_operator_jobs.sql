-- Purpose: what an operator may do to a job by hand, with who and why.
-- Touches: functions private.lock_job, private.operator_retry_job, private.operator_drop_job.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function.

-- Nobody is granted EXECUTE: these are for the role that owns them, through `thumbsmith jobs`.

create function private.lock_job(job_id bigint)
returns private.outbox
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_job private.outbox;
begin
    select o.* into v_job
    from private.outbox as o
    where o.id = lock_job.job_id
    for update;

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
'The job, locked. Refuses with PT404 job_not_found; PT409 job_is_running.';

create function private.operator_retry_job(job_id bigint, who text, why text)
returns private.outbox
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_job private.outbox := private.lock_job(operator_retry_job.job_id);
begin
    perform private.audit(
        operator_retry_job.who, 'retry_job', operator_retry_job.why,
        format('operator:job:%s:%s', v_job.id, gen_random_uuid()),
        null, to_jsonb(v_job) - 'lease_token'
    );

    perform private.continue_job(v_job.id, v_job.kind);
    perform private.wake_worker();

    select o.* into v_job
    from private.outbox as o
    where o.id = v_job.id;

    return v_job;
end;
$$;

comment on function private.operator_retry_job(bigint, text, text) is
'Has a job done now, with all its tries before it again; a dead one too. PT404 job_not_found; PT409
job_is_running; PT422 reason_required.';

create function private.operator_drop_job(job_id bigint, who text, why text)
returns private.outbox
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_job private.outbox := private.lock_job(operator_drop_job.job_id);
begin
    if v_job.kind in ('remove_face', 'erase') then
        raise sqlstate 'PT409' using
            message = 'job_is_owed',
            detail = 'Somebody asked for their data to be deleted: that is owed to them.',
            hint = 'Mend what is in its way, then: thumbsmith jobs retry';
    end if;

    perform private.audit(
        operator_drop_job.who, 'drop_job', operator_drop_job.why,
        format('operator:job:%s:%s', v_job.id, gen_random_uuid()),
        null, to_jsonb(v_job) - 'lease_token'
    );

    if v_job.generation_id is not null then
        -- The credits go back. A submission whose answer is lost is still looked for.
        perform private.finish_generation(v_job.generation_id, 'failed', 'stopped_by_operator');
        perform private.release_work(v_job.generation_id);
        return v_job;
    end if;

    if v_job.checkout_id is not null then
        perform private.close_checkout(v_job.checkout_id, 'failed', 'stopped_by_operator');
    elsif v_job.kind = 'cancel' then
        update private.generation_runs as r
        set
            status = 'canceled',
            finished_at = now()
        where r.id = v_job.run_id
            and r.finished_at is null;
    end if;

    perform private.finish_job(v_job.id);

    return v_job;
end;
$$;

comment on function private.operator_drop_job(bigint, text, text) is
'Gives a job up: a generation fails with its credits back, a page of Stripe fails, an orphan at the
provider runs to its own deadline, an object of Stripe is left to the next comparison. PT404
job_not_found; PT409 job_is_running, job_is_owed; PT422 reason_required.';
