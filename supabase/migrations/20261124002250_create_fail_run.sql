-- Purpose: an attempt failed: the next model, or the credits back.
-- Touches: functions private.has_next_model, private.fail_run.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function.

create function private.has_next_model(job private.outbox)
returns boolean
language sql
stable
set search_path = ''
as $$
    select coalesce(
        g.status in ('submitting', 'processing')
        and g.deadline_at > now()
        and (private.find_model(g.generation_type, r.preference)).model is not null
        and (
            select count(*)
            from private.generation_runs as a
            where a.generation_id = g.id
                and a.twin_of is null
        ) < s.submit_attempts_max,
        false
    )
    from private.generation_runs as r
    inner join public.generations as g on r.generation_id = g.id
    cross join private.settings as s
    where r.id = has_next_model.job.run_id;
$$;

comment on function private.has_next_model(private.outbox) is
'Whether the generation may be sent to another model: there is one, there is time, and the attempts
are not used up.';

create function private.fail_run(
    job private.outbox,
    run_status text,
    error text,
    detail text,
    http_status integer default null
)
returns void
language plpgsql
volatile
set search_path = ''
as $$
begin
    update private.generation_runs as r
    set
        status = fail_run.run_status,
        http_status = fail_run.http_status,
        provider_error = left(fail_run.detail, 2000),
        finished_at = now()
    where r.id = fail_run.job.run_id
        and r.finished_at is null;

    -- What lies with the provider, or with how we word an input, may go well with another model, at
    -- no further charge. Content that was rejected is not carried elsewhere.
    if fail_run.error in (
        'provider_failed', 'provider_stopped', 'provider_unavailable', 'prediction_missing',
        'output_missing', 'input_refused'
    ) and private.has_next_model(fail_run.job) then
        perform private.continue_job(fail_run.job.id, 'submit', slug => fail_run.error);
        return;
    end if;

    perform private.fail_generation(fail_run.job, fail_run.error);
end;
$$;

comment on function private.fail_run(private.outbox, text, text, text, integer) is
'Ends an attempt without a picture: the next model is asked, or the generation fails with the
credits back.';
