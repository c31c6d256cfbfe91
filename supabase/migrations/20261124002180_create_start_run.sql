-- Purpose: an attempt at the provider: how it begins, loses its answer, is found again, and ends.
-- Touches: functions private.note_further_attempt, private.adopt_prediction,
--          private.lose_answer, private.look_again,
--          private.fail_generation, private.start_run.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function.

create function private.note_further_attempt(run_id uuid)
returns void
language sql
volatile
set search_path = ''
as $$
    -- The first one was counted when it was asked for.
    select private.note_provider_spend(r.expected_cost_micros)
    from private.generation_runs as r
    where r.id = note_further_attempt.run_id
        and exists (
            select
            from private.generation_runs as e
            where e.generation_id = r.generation_id
                and e.twin_of is null
                and e.attempt < r.attempt
        );
$$;

comment on function private.note_further_attempt(uuid) is
'Counts the expected cost of an attempt that the provider has, or may have: not of one that never
got there.';

create function private.adopt_prediction(run_id uuid, prediction_id text)
returns void
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_generation public.generations;
begin
    update private.generation_runs as r
    set
        status = 'processing',
        prediction_id = adopt_prediction.prediction_id
    where r.id = adopt_prediction.run_id
        and r.status = 'submit_unknown';

    perform private.start_processing(r.generation_id)
    from private.generation_runs as r
    where r.id = adopt_prediction.run_id;

    select g.* into v_generation
    from public.generations as g
    inner join private.generation_runs as r on g.id = r.generation_id
    where r.id = adopt_prediction.run_id;

    if v_generation.finished_at is not null then
        perform private.release_work(v_generation.id);
    else
        update private.outbox as o
        set
            kind = 'poll',
            run_id = adopt_prediction.run_id,
            due_at = now(),
            attempts = 0,
            lease_token = null
        where o.generation_id = v_generation.id;
    end if;
end;
$$;

comment on function private.adopt_prediction(uuid, text) is
'The prediction of an attempt whose answer was lost: it goes on, or is stopped when nobody waits.';

create function private.lose_answer(job private.outbox, detail text)
returns void
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_heard text;
begin
    update private.generation_runs as r
    set
        status = 'submit_unknown',
        unknown_since = now(),
        provider_error = left(lose_answer.detail, 2000)
    where r.id = lose_answer.job.run_id
        and r.status = 'submitting';

    if found then
        perform private.note_further_attempt(lose_answer.job.run_id);
    end if;

    -- Its webhook may have been faster.
    select w.body ->> 'id' into v_heard
    from private.replicate_webhooks as w
    inner join private.generation_runs as r on w.attempt_token = r.attempt_token
    where r.id = lose_answer.job.run_id
        and w.body ->> 'id' is not null
    limit 1;

    if v_heard is not null then
        perform private.adopt_prediction(lose_answer.job.run_id, v_heard);
        return;
    end if;

    update private.outbox as o
    set
        kind = 'find',
        run_id = lose_answer.job.run_id,
        due_at = now() + s.submit_find_after,
        attempts = 0,
        lease_token = null
    from private.settings as s
    where o.id = lose_answer.job.id;
end;
$$;

comment on function private.lose_answer(private.outbox, text) is
'The provider may have the attempt or not. Its webhook or the provider''s list may still tell; until
the grace time is over nothing is sent again.';

create function private.look_again(job private.outbox)
returns void
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_until timestamptz;
    v_is_over boolean;
begin
    select
        r.unknown_since + s.submit_unknown_grace,
        g.finished_at is not null
    into v_until, v_is_over
    from private.generation_runs as r
    inner join public.generations as g on r.generation_id = g.id
    cross join private.settings as s
    where r.id = look_again.job.run_id;

    if now() < v_until then
        update private.outbox as o
        set
            due_at = least(now() + private.backoff(o.attempts + 2), v_until),
            attempts = o.attempts + 1,
            lease_token = null
        where o.id = look_again.job.id;
        return;
    end if;

    update private.generation_runs as r
    set
        status = 'abandoned',
        finished_at = now()
    where r.id = look_again.job.run_id
        and r.status = 'submit_unknown';

    if v_is_over then
        delete from private.outbox as o
        where o.id = look_again.job.id;
        return;
    end if;

    update private.outbox as o
    set
        kind = 'submit',
        run_id = null,
        due_at = now(),
        attempts = 0,
        lease_token = null
    where o.id = look_again.job.id;
end;
$$;

comment on function private.look_again(private.outbox) is
'The lost attempt was not in the provider''s list: looked for again, and given up for another
attempt once the grace time is over. If it turns up after that, it is cancelled.';

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

    delete from private.outbox as o
    where o.id = fail_generation.job.id;
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
        delete from private.outbox as o
        where o.id = start_run.job.id;
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
