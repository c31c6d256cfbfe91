-- Purpose: one function for each move of a generation.
-- Touches: functions private.start_submitting, private.start_processing, private.start_storing,
--          private.finish_generation, private.want_cancel, private.release_work,
--          private.expire_generation.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function.

-- Locks are taken in this order everywhere: outbox, run, generation, profile, lots. A caller of
-- finish_generation holds the outbox row, or knows that there is none.

create function private.start_submitting(generation_id uuid)
returns void
language sql
volatile
set search_path = ''
as $$
    update public.generations as g
    set status = 'submitting'
    where g.id = start_submitting.generation_id
        and g.status = 'queued';
$$;

comment on function private.start_submitting(uuid) is
'queued → submitting; another attempt of one that is further on leaves it there.';

create function private.start_processing(generation_id uuid)
returns void
language sql
volatile
set search_path = ''
as $$
    update public.generations as g
    set status = 'processing'
    where g.id = start_processing.generation_id
        and g.status = 'submitting';
$$;

comment on function private.start_processing(uuid) is
'submitting → processing; nothing when it is further on, or over.';

create function private.start_storing(generation_id uuid)
returns void
language sql
volatile
set search_path = ''
as $$
    update public.generations as g
    set status = 'storing'
    where g.id = start_storing.generation_id
        and g.status = 'processing';
$$;

comment on function private.start_storing(uuid) is
'processing → storing; nothing when it is further on, or over.';

create function private.finish_generation(
    generation_id uuid,
    status text,
    error text default null,
    output_path text default null,
    preview_path text default null
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
        preview_path = finish_generation.preview_path,
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

comment on function private.finish_generation(uuid, text, text, text, text) is
'Moves a generation to its final status and, unless it succeeded, gives its credits back, or its use
of the plan. True when this call did it, false when it was final before.';

create function private.want_cancel(run_id uuid)
returns void
language sql
volatile
set search_path = ''
as $$
    insert into private.outbox (kind, run_id)
    values ('cancel', want_cancel.run_id)
    on conflict do nothing;

    select private.wake_worker();
$$;

comment on function private.want_cancel(uuid) is
'Has the attempt''s prediction stopped, and its cost counted: nobody waits for its picture.';

create function private.release_work(generation_id uuid)
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
    where r.generation_id = release_work.generation_id
        and r.finished_at is null
        and r.twin_of is null
    order by r.attempt desc
    limit 1
    for update;

    -- The provider may have it, and its id is not known yet: the job stays until its answer, a list
    -- match or a webhook tells.
    if v_run.status in ('submitting', 'submit_unknown') then
        return;
    end if;

    perform private.finish_job(o.id)
    from private.outbox as o
    where o.generation_id = release_work.generation_id;

    if v_run.id is not null then
        perform private.want_cancel(v_run.id);
    end if;
end;
$$;

comment on function private.release_work(uuid) is
'The generation is over but its attempt may not be: ends its job, and has the prediction stopped.';

create function private.expire_generation(generation_id uuid)
returns boolean
language plpgsql
volatile
set search_path = ''
as $$
begin
    if not private.finish_generation(expire_generation.generation_id, 'expired') then
        return false;
    end if;
    perform private.release_work(expire_generation.generation_id);
    return true;
end;
$$;

comment on function private.expire_generation(uuid) is
'Ends a generation whose deadline has passed: credits back, and its attempt cancelled.';
