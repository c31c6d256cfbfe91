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

create function private.store_attempt_state(
    profile_id uuid,
    attempt_id uuid,
    provider_job jsonb
)
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
    v_attempt private.generation_attempts;
    v_generation public.generations;
    v_pointer text[];
    v_cost_micros bigint;
    v_output_url text;
    v_finished_at timestamptz;
begin
    select a.* into v_attempt
    from private.generation_attempts as a
    where a.profile_id = store_attempt_state.profile_id
        and a.id = store_attempt_state.attempt_id;

    select g.* into v_generation
    from public.generations as g
    where g.profile_id = store_attempt_state.profile_id
        and g.id = v_attempt.generation_id;

    select m.output_pointer into v_pointer
    from private.generation_models as m
    where m.type_key = v_generation.generation_type
        and m.preference = v_attempt.preference;

    v_output_url := private.output_url(
        store_attempt_state.provider_job -> 'output', v_pointer
    );

    if v_is_final then
        v_cost_micros := private.attempt_cost(v_attempt, v_status, v_seconds);
        v_finished_at := now();
    end if;

    update private.generation_attempts as a
    set
        provider_status = v_status,
        provider_error = left(store_attempt_state.provider_job ->> 'error', 2000),
        polls = a.polls + 1,
        predict_seconds = v_seconds,
        cost_micros = v_cost_micros,
        output_url = v_output_url,
        status = case
            when not v_is_final or a.finished_at is not null then a.status
            when v_status = 'aborted' then 'canceled'
            else v_status
        end,
        finished_at = coalesce(a.finished_at, v_finished_at)
    where a.profile_id = store_attempt_state.profile_id
        and a.id = store_attempt_state.attempt_id
        -- An attempt whose cost is known stays as it is: the provider may have removed its data
        -- since.
        and a.cost_micros is null;

    return v_is_final;
end;
$$;

comment on function private.store_attempt_state(uuid, uuid, jsonb) is
'Writes what the provider says of a prediction to its attempt. True when that is its end: any other
status, also one of tomorrow, is not, and our own deadline bounds it.';
