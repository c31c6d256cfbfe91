-- Purpose: the prediction of an attempt whose answer was lost has turned up.
-- Touches: functions private.note_further_attempt, private.adopt_prediction.
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
        perform private.continue_job(o.id, 'poll', now(), adopt_prediction.run_id)
        from private.outbox as o
        where o.generation_id = v_generation.id;
    end if;
end;
$$;

comment on function private.adopt_prediction(uuid, text) is
'The prediction of an attempt whose answer was lost: it goes on, or is stopped when nobody waits.';
