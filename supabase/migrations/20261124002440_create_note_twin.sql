-- Purpose: a second prediction of one attempt, which nobody asked for.
-- Touches: function private.note_twin.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function.

create function private.note_twin(run private.generation_runs, prediction_id text)
returns void
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_twin_id uuid;
begin
    insert into private.generation_runs (
        generation_id, attempt, preference, model, twin_of, status, prediction_id,
        expected_cost_micros, cost_per_second_micros
    )
    select
        note_twin.run.generation_id,
        max(r.attempt) + 1,
        note_twin.run.preference,
        note_twin.run.model,
        note_twin.run.id,
        'processing',
        note_twin.prediction_id,
        note_twin.run.expected_cost_micros,
        note_twin.run.cost_per_second_micros
    from private.generation_runs as r
    where r.generation_id = note_twin.run.generation_id
    on conflict on constraint generation_runs_prediction_id_key do nothing
    returning id into v_twin_id;

    if v_twin_id is not null then
        perform private.want_cancel(v_twin_id);
    end if;
end;
$$;

comment on function private.note_twin(private.generation_runs, text) is
'The provider carried out one attempt twice, as a proxy''s retry can make it: the second prediction
is stopped, its cost counted, its picture never looked at.';
