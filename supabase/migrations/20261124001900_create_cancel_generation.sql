-- Purpose: one function for every final move, and RPC cancel_generation.
-- Touches: functions private.finish_generation, private.abandon_run, private.cancel_generation,
--          public.cancel_generation.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function.

-- Locks are taken in this order everywhere: outbox, run, generation, profile, lots. A caller of
-- finish_generation holds the outbox row, or knows that there is none.

create function private.finish_generation(
    generation_id uuid,
    status text,
    error text default null,
    output_path text default null
)
returns boolean
language plpgsql
volatile
set search_path = ''
as $$
begin
    -- The first final status wins: whoever comes later changes nothing.
    update public.generations as g
    set
        status = finish_generation.status,
        error = finish_generation.error,
        output_path = finish_generation.output_path,
        finished_at = now()
    where g.id = finish_generation.generation_id
        and g.finished_at is null;

    if not found then
        return false;
    end if;

    if finish_generation.status <> 'succeeded' then
        perform private.refund_generation(finish_generation.generation_id);

        update public.plan_uses as u
        set returned_at = now()
        where u.generation_id = finish_generation.generation_id;
    end if;
    return true;
end;
$$;

comment on function private.finish_generation(uuid, text, text, text) is
'Moves a generation to its final status and, unless it succeeded, gives its credits back, or its use
of the plan. True when this call did it, false when it was final before.';

create function private.abandon_run(generation_id uuid)
returns void
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_run private.generation_runs;
begin
    select r.* into v_run
    from private.generation_runs as r
    where r.generation_id = abandon_run.generation_id
        and r.finished_at is null
    order by r.attempt desc
    limit 1
    for update;

    -- Nothing went out: no work is left.
    if not found then
        delete from private.outbox as o
        where o.generation_id = abandon_run.generation_id;
        return;
    end if;

    -- The provider may be working on it: have it cancelled as soon as its id is known.
    update private.outbox as o
    set
        kind = case when v_run.prediction_id is null then o.kind else 'cancel' end,
        run_id = v_run.id,
        due_at = case when v_run.prediction_id is null then o.due_at else now() end,
        attempts = 0,
        lease_token = case when v_run.prediction_id is null then o.lease_token end
    where o.generation_id = abandon_run.generation_id;

    if v_run.prediction_id is not null then
        perform private.wake_worker();
    end if;
end;
$$;

comment on function private.abandon_run(uuid) is
'The generation is over but its attempt may not be: turns its job into a cancel, or ends it.';

create function private.cancel_generation(generation_id uuid)
returns public.generations
language plpgsql
volatile
-- security definer because only rules may write: the caller holds no grant on any of these tables
security definer
set search_path = ''
as $$
declare
    v_profile_id constant uuid := private.signed_in_profile();
    v_generation public.generations;
begin
    -- The outbox row first, as everywhere; but only one's own, or anybody could hold up the others.
    perform from private.outbox as o
    inner join public.generations as g on o.generation_id = g.id
    where o.generation_id = cancel_generation.generation_id
        and g.profile_id = v_profile_id
    for update of o;

    select g.* into v_generation
    from public.generations as g
    where g.id = cancel_generation.generation_id
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

    perform private.finish_generation(v_generation.id, 'canceled');
    perform private.abandon_run(v_generation.id);

    select g.* into v_generation
    from public.generations as g
    where g.id = v_generation.id;

    return v_generation;
end;
$$;

comment on function private.cancel_generation(uuid) is 'The rule behind public.cancel_generation.';
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

For the person who asked for it. Cancelling twice gives the same answer. Refuses with PT404
generation_not_found; PT409 wrong_state once the picture is being stored or the generation is
over.';
grant execute on function public.cancel_generation(uuid) to authenticated;
