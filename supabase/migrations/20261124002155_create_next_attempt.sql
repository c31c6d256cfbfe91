-- Purpose: whether a generation may be sent to the provider, to which model, and the row of it.
-- Touches: functions private.unsendable, private.next_model, private.insert_attempt.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function.

create function private.unsendable(generation public.generations)
returns text
language plpgsql
stable
set search_path = ''
as $$
declare
    v_max_attempts integer;
begin
    select s.max_generation_attempts into v_max_attempts
    from private.settings as s;

    if (
        select count(*)
        from private.generation_attempts as a
        where a.profile_id = unsendable.generation.profile_id
            and a.generation_id = unsendable.generation.id
            and a.duplicate_of is null
    ) >= v_max_attempts then
        return 'provider_unreachable';
    end if;

    -- The user image was removed or has expired since: it is not used any more.
    if exists (
        select
        from public.user_images as i
        where i.profile_id = unsendable.generation.profile_id
            and i.id = unsendable.generation.user_image_id
            and (i.removed_at is not null or i.expires_at <= now())
    ) then
        return 'face_missing';
    end if;

    return null;
end;
$$;

comment on function private.unsendable(public.generations) is
'Why a generation may not be sent to the provider any more, as a slug; null when it may.';

create function private.next_model(
    generation_type text,
    last_attempt private.generation_attempts
)
returns private.generation_models
language plpgsql
stable
set search_path = ''
as $$
begin
    return private.find_model(
        next_model.generation_type,
        case
            when next_model.last_attempt.id is null then 0
            when next_model.last_attempt.status = 'abandoned'
                then next_model.last_attempt.preference - 1
            else next_model.last_attempt.preference
        end
    );
end;
$$;

comment on function private.next_model(text, private.generation_attempts) is
'The model of the next attempt: the same after a lost answer, the next one after a failure, and null
when the type of the generation has no model left.';

create function private.insert_attempt(
    profile_id uuid,
    generation_id uuid,
    model private.generation_models
)
returns uuid
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_attempt_id uuid;
begin
    insert into private.generation_attempts (
        profile_id, generation_id, attempt_number, preference, model, expected_cost_micros,
        cost_per_second_micros
    )
    select
        insert_attempt.profile_id,
        insert_attempt.generation_id,
        coalesce(max(a.attempt_number), 0) + 1,
        insert_attempt.model.preference,
        insert_attempt.model.model,
        insert_attempt.model.expected_cost_micros,
        insert_attempt.model.cost_per_second_micros
    from private.generation_attempts as a
    where a.profile_id = insert_attempt.profile_id
        and a.generation_id = insert_attempt.generation_id
    returning id into v_attempt_id;

    return v_attempt_id;
end;
$$;

comment on function private.insert_attempt(uuid, uuid, private.generation_models) is
'Writes an attempt with the model''s prices of now, and returns its id.';
