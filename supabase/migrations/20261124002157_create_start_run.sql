-- Purpose: how an attempt at the provider begins.
-- Touches: functions private.fail_generation, private.start_run.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function.

create function private.fail_generation(job private.outbox, error text)
returns void
language plpgsql
volatile
set search_path = ''
as $$
begin
    perform private.finish_generation(
        fail_generation.job.generation_id, 'failed', fail_generation.error
    );

    perform private.finish_job(fail_generation.job.id);
end;
$$;

comment on function private.fail_generation(private.outbox, text) is
'Ends a generation and its job, with the credits back.';

create function private.start_run(job private.outbox)
returns uuid
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_last private.generation_runs;
    v_model private.generation_models;
    v_error text;
begin
    select r.* into v_last
    from private.generation_runs as r
    where r.generation_id = start_run.job.generation_id
        and r.twin_of is null
    order by r.attempt desc
    limit 1
    for update;

    -- A worker had it and never answered: the provider may have the request.
    if v_last.status = 'submitting' then
        job.run_id := v_last.id;
        perform private.lose_answer(job, 'no report');
        return null;
    end if;

    -- Over while it waited for another try: nothing is sent any more.
    if exists (
        select
        from public.generations as g
        where g.id = start_run.job.generation_id
            and g.finished_at is not null
    ) then
        perform private.finish_job(start_run.job.id);
        return null;
    end if;

    v_error := private.unsendable(start_run.job.generation_id);
    v_model := private.next_model(start_run.job.generation_id, v_last);

    -- A type that has lost its models since: nobody could ever make the picture.
    if v_error is not null or v_model.model is null then
        perform private.fail_generation(
            start_run.job, coalesce(v_error, 'provider_unavailable')
        );
        return null;
    end if;

    perform private.start_submitting(start_run.job.generation_id);
    return private.insert_attempt(start_run.job.generation_id, v_model);
end;
$$;

comment on function private.start_run(private.outbox) is
'Writes the next attempt before the call to the provider and returns its id; null when there is
nothing to send: then the job has been seen to.';
