-- Purpose: what a prediction says is written to its attempt.
-- Touches: functions private.output_url, private.run_cost, private.record_run.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function.

create function private.output_url(output jsonb, pointer text[] default null)
returns text
language sql
immutable
set search_path = ''
as $$
    -- Models answer with a URI, a list of URIs, or objects that hold one.
    select case
        when output_url.pointer is not null then output_url.output #>> output_url.pointer
        when jsonb_typeof(output_url.output) = 'string' then output_url.output #>> '{}'
        when jsonb_typeof(output_url.output) = 'object' then output_url.output ->> 'url'
        when jsonb_typeof(output_url.output) = 'array'
        then coalesce(output_url.output #>> '{0,url}', output_url.output ->> 0)
    end;
$$;

comment on function private.output_url(jsonb, text[]) is
'The file of a prediction''s output: where the pointer says, or the first one; null for none.';

create function private.run_cost(run private.generation_runs, provider_status text, seconds numeric)
returns bigint
language sql
immutable
set search_path = ''
as $$
    select case
        when run_cost.provider_status not in ('succeeded', 'failed', 'canceled') then 0
        when run_cost.run.cost_per_second_micros is not null
        then ceil(coalesce(run_cost.seconds, 0) * run_cost.run.cost_per_second_micros)::bigint
        -- By the picture: what failed made none, and what had not begun is not charged.
        when run_cost.provider_status = 'failed' then 0
        when run_cost.provider_status = 'canceled' and run_cost.seconds is null then 0
        else run_cost.run.expected_cost_micros
    end;
$$;

comment on function private.run_cost(private.generation_runs, text, numeric) is
'What a finished prediction costs, in millionths of a US dollar, by its status and its seconds of
work. aborted was never begun and costs nothing
(replicate.com/docs/topics/predictions/lifecycle).';

create function private.record_run(run_id uuid, prediction jsonb)
returns boolean
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_status constant text := record_run.prediction ->> 'status';
    v_is_final constant boolean :=
        coalesce(v_status in ('succeeded', 'failed', 'canceled', 'aborted'), false);
    v_seconds constant numeric := case
        when jsonb_typeof(record_run.prediction #> '{metrics,predict_time}') = 'number'
        -- Whatever a provider says: no negative cost, and none of more than a day.
        then least(
            greatest((record_run.prediction #>> '{metrics,predict_time}')::numeric, 0), 86400
        )
    end;
begin
    update private.generation_runs as r
    set
        provider_status = v_status,
        provider_error = left(record_run.prediction ->> 'error', 2000),
        polls = r.polls + 1,
        predict_seconds = v_seconds,
        cost_micros = case when v_is_final then private.run_cost(r, v_status, v_seconds) end,
        output_url = private.output_url(record_run.prediction -> 'output', m.output_pointer),
        status = case
            when not v_is_final or r.finished_at is not null then r.status
            when v_status = 'aborted' then 'canceled'
            else v_status
        end,
        finished_at = coalesce(r.finished_at, case when v_is_final then now() end)
    from private.generation_runs as q
    inner join public.generations as g on q.generation_id = g.id
    left join private.generation_models as m
        on g.generation_type = m.type_key and q.preference = m.preference
    where q.id = record_run.run_id
        and r.id = q.id
        -- Known already: a later look, at data that the provider has removed, must not blur it.
        and r.cost_micros is null;

    return v_is_final;
end;
$$;

comment on function private.record_run(uuid, jsonb) is
'Writes what the provider says of a prediction to its attempt. True when that is its end: any other
status, also one of tomorrow, is not, and our own deadline bounds it.';
