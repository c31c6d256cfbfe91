-- Purpose: RPC cancel_generation.
-- Touches: functions private.cancel_generation_for, private.cancel_generation,
--          public.cancel_generation.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function.

create function private.cancel_generation_for(profile_id uuid, generation_id uuid)
returns public.generations
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_profile_id constant uuid := cancel_generation_for.profile_id;
    v_generation public.generations;
begin
    -- The job's row first, as everywhere; but only one's own, or anybody could hold up the others.
    perform private.lock_generation_job(v_profile_id, cancel_generation_for.generation_id);

    select g.* into v_generation
    from public.generations as g
    where g.id = cancel_generation_for.generation_id
        and g.profile_id = v_profile_id
    for no key update;

    if not found then
        raise sqlstate 'PT404' using
            message = 'generation_not_found',
            detail = 'There is no such generation.',
            hint = 'Use the id of one of your own generations.';
    end if;

    -- Asking twice is no mistake.
    if v_generation.status = 'canceled' then
        return v_generation;
    end if;

    if v_generation.status not in ('queued', 'submitting', 'processing') then
        raise sqlstate 'PT409' using
            message = 'wrong_state',
            detail = format('A generation that is %s cannot be canceled.', v_generation.status),
            hint = 'Only what is queued, submitting or processing can be canceled.';
    end if;

    perform private.finish_generation(v_profile_id, v_generation.id, 'canceled');
    perform private.release_work(v_profile_id, v_generation.id);
    perform private.wake_worker();

    select g.* into v_generation
    from public.generations as g
    where g.profile_id = v_profile_id
        and g.id = v_generation.id;

    return v_generation;
end;
$$;

comment on function private.cancel_generation_for(uuid, uuid) is
'The rule behind public.cancel_generation, for this person.';

create function private.cancel_generation(generation_id uuid)
returns public.generations
language plpgsql
volatile
-- security definer because only rules may write: the caller holds no grant on any of these tables
security definer
set search_path = ''
as $$
begin
    return private.cancel_generation_for(
        private.signed_in_profile(), cancel_generation.generation_id
    );
end;
$$;

comment on function private.cancel_generation(uuid) is
'public.cancel_generation for whoever calls.';
grant execute on function private.cancel_generation(uuid) to authenticated;

create function public.cancel_generation(generation_id uuid)
returns public.generations
language sql
volatile
security invoker
set search_path = ''
as $$
    select private.cancel_generation(cancel_generation.generation_id);
$$;

comment on function public.cancel_generation(uuid) is
'Cancel a thumbnail that is not there yet, and get its credits back.

For the person who asked for it. Canceling twice gives the same answer. Refuses with PT404
generation_not_found; PT409 wrong_state once the picture is being stored or the generation is
over.';
grant execute on function public.cancel_generation(uuid) to authenticated;
