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

    perform private.end_job(fail_generation.job.id);
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
    v_attempts integer;
    v_run_id uuid;
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
        perform private.end_job(start_run.job.id);
        return null;
    end if;

    select count(*) into v_attempts
    from private.generation_runs as r
    where r.generation_id = start_run.job.generation_id
        and r.twin_of is null;

    if v_attempts >= (select s.submit_attempts_max from private.settings as s) then
        perform private.fail_generation(start_run.job, 'provider_unreachable');
        return null;
    end if;

    -- Its photo was removed since, or has expired: then it is not used any more.
    if exists (
        select
        from public.generations as g
        inner join public.user_images as i on g.user_image_id = i.id
        where g.id = start_run.job.generation_id
            and (i.removed_at is not null or i.expires_at <= now())
    ) then
        perform private.fail_generation(start_run.job, 'face_missing');
        return null;
    end if;

    -- The same model after a lost answer, the next one after a failure.
    select m.* into v_model
    from public.generations as g
    cross join lateral private.find_model(
        g.generation_type,
        case
            when v_last.id is null then 0
            when v_last.status = 'abandoned' then v_last.preference - 1
            else v_last.preference
        end
    ) as m
    where g.id = start_run.job.generation_id;

    -- Its type has lost its model since: then nobody could ever make it.
    if v_model.model is null then
        perform private.fail_generation(start_run.job, 'provider_unavailable');
        return null;
    end if;

    perform private.start_submitting(start_run.job.generation_id);

    insert into private.generation_runs (
        generation_id, attempt, preference, model, expected_cost_micros, cost_per_second_micros
    )
    select
        start_run.job.generation_id,
        coalesce(max(r.attempt), 0) + 1,
        v_model.preference,
        v_model.model,
        v_model.expected_cost_micros,
        v_model.cost_per_second_micros
    from private.generation_runs as r
    where r.generation_id = start_run.job.generation_id
    returning id into v_run_id;

    return v_run_id;
end;
$$;

comment on function private.start_run(private.outbox) is
'Writes the next attempt before the call to the provider and returns its id; null when there is
nothing to send: then the job has been seen to.';
