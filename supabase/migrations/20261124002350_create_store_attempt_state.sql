-- Purpose: what a prediction says is written to its attempt.
-- Touches: functions private.output_url, private.attempt_cost, private.store_attempt_state.
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

create function private.attempt_cost(
    attempt private.generation_attempts,
    provider_status text,
    seconds numeric
)
returns bigint
language sql
immutable
set search_path = ''
as $$
    select case
        when attempt_cost.provider_status not in ('succeeded', 'failed', 'canceled') then 0
        when attempt_cost.attempt.cost_per_second_micros is not null
        then ceil(
            coalesce(attempt_cost.seconds, 0) * attempt_cost.attempt.cost_per_second_micros
        )::bigint
        -- By the picture: what failed made none, and what had not begun is not charged.
        when attempt_cost.provider_status = 'failed' then 0
        when attempt_cost.provider_status = 'canceled' and attempt_cost.seconds is null then 0
        else attempt_cost.attempt.expected_cost_micros
    end;
$$;

comment on function private.attempt_cost(private.generation_attempts, text, numeric) is
'What a finished prediction costs, in millionths of a US dollar, by its status and its seconds of
work. aborted was never begun and costs nothing
(replicate.com/docs/topics/predictions/lifecycle).';

create function private.store_attempt_state(attempt_id uuid, provider_job jsonb)
returns boolean
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_status constant text := store_attempt_state.provider_job ->> 'status';
    v_is_final constant boolean :=
        coalesce(v_status in ('succeeded', 'failed', 'canceled', 'aborted'), false);
    v_seconds constant numeric := case
        when jsonb_typeof(store_attempt_state.provider_job #> '{metrics,predict_time}') = 'number'
        -- Whatever a provider says: no negative cost, and none of more than a day.
        then least(
            greatest(
                (store_attempt_state.provider_job #>> '{metrics,predict_time}')::numeric, 0
            ),
            86400
        )
    end;
begin
    update private.generation_attempts as a
    set
        provider_status = v_status,
        provider_error = left(store_attempt_state.provider_job ->> 'error', 2000),
        polls = a.polls + 1,
        predict_seconds = v_seconds,
        cost_micros = case when v_is_final then private.attempt_cost(a, v_status, v_seconds) end,
        output_url = private.output_url(
            store_attempt_state.provider_job -> 'output', m.output_pointer
        ),
        status = case
            when not v_is_final or a.finished_at is not null then a.status
            when v_status = 'aborted' then 'canceled'
            else v_status
        end,
        finished_at = coalesce(a.finished_at, case when v_is_final then now() end)
    from private.generation_attempts as q
    inner join public.generations as g on q.generation_id = g.id
    left join private.generation_models as m
        on g.generation_type = m.type_key and q.preference = m.preference
    where q.id = store_attempt_state.attempt_id
        and a.id = q.id
        -- An attempt whose cost is known stays as it is: the provider may have removed its data
        -- since.
        and a.cost_micros is null;

    return v_is_final;
end;
$$;

comment on function private.store_attempt_state(uuid, jsonb) is
'Writes what the provider says of a prediction to its attempt. True when that is its end: any other
status, also one of tomorrow, is not, and our own deadline bounds it.';
