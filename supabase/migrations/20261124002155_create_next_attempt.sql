-- Purpose: whether a generation may be sent to the provider, to which model, and the row of it.
-- Touches: functions private.unsendable, private.next_model, private.insert_attempt.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function.

create function private.unsendable(generation_id uuid)
returns text
language plpgsql
stable
set search_path = ''
as $$
begin
    if (
        select count(*)
        from private.generation_runs as r
        where r.generation_id = unsendable.generation_id
            and r.twin_of is null
    ) >= (select s.submit_attempts_max from private.settings as s) then
        return 'provider_unreachable';
    end if;

    -- Its photo was removed since, or has expired: then it is not used any more.
    if exists (
        select
        from public.generations as g
        inner join public.user_images as i on g.user_image_id = i.id
        where g.id = unsendable.generation_id
            and (i.removed_at is not null or i.expires_at <= now())
    ) then
        return 'face_missing';
    end if;

    return null;
end;
$$;

comment on function private.unsendable(uuid) is
'Why a generation may not be sent to the provider any more, as a slug; null when it may.';

create function private.next_model(generation_id uuid, last_attempt private.generation_runs)
returns private.generation_models
language plpgsql
stable
set search_path = ''
as $$
declare
    v_model private.generation_models;
begin
    select m.* into v_model
    from public.generations as g
    cross join lateral private.find_model(
        g.generation_type,
        case
            when next_model.last_attempt.id is null then 0
            when next_model.last_attempt.status = 'abandoned'
                then next_model.last_attempt.preference - 1
            else next_model.last_attempt.preference
        end
    ) as m
    where g.id = next_model.generation_id;

    return v_model;
end;
$$;

comment on function private.next_model(uuid, private.generation_runs) is
'The model of the next attempt: the same after a lost answer, the next one after a failure, and null
when the type of the generation has no model left.';

create function private.insert_attempt(generation_id uuid, model private.generation_models)
returns uuid
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_run_id uuid;
begin
    insert into private.generation_runs (
        generation_id, attempt, preference, model, expected_cost_micros, cost_per_second_micros
    )
    select
        insert_attempt.generation_id,
        coalesce(max(r.attempt), 0) + 1,
        insert_attempt.model.preference,
        insert_attempt.model.model,
        insert_attempt.model.expected_cost_micros,
        insert_attempt.model.cost_per_second_micros
    from private.generation_runs as r
    where r.generation_id = insert_attempt.generation_id
    returning id into v_run_id;

    return v_run_id;
end;
$$;

comment on function private.insert_attempt(uuid, private.generation_models) is
'Writes an attempt with the model''s prices of now, and returns its id.';
