-- Purpose: one function for each status transition of a generation.
-- Touches: functions private.start_submitting, private.start_processing, private.start_storing,
--          private.finish_generation, private.enqueue_cancel,
--          private.lock_generation_job, private.release_work, private.expire_generation.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function.

-- Locks are taken in this order everywhere: job, attempt, generation, profile, lots. A caller of
-- finish_generation holds the job's row, or knows that there is none.

create function private.start_submitting(profile_id uuid, generation_id uuid)
returns void
language sql
volatile
set search_path = ''
as $$
    update public.generations as g
    set status = 'submitting'
    where g.profile_id = start_submitting.profile_id
        and g.id = start_submitting.generation_id
        and g.status = 'queued';
$$;

comment on function private.start_submitting(uuid, uuid) is
'queued → submitting; another attempt of one that is further on leaves it there.';

create function private.start_processing(profile_id uuid, generation_id uuid)
returns void
language sql
volatile
set search_path = ''
as $$
    update public.generations as g
    set status = 'processing'
    where g.profile_id = start_processing.profile_id
        and g.id = start_processing.generation_id
        and g.status = 'submitting';
$$;

comment on function private.start_processing(uuid, uuid) is
'submitting → processing; nothing when it is further on, or over.';

create function private.start_storing(profile_id uuid, generation_id uuid)
returns void
language sql
volatile
set search_path = ''
as $$
    update public.generations as g
    set status = 'storing'
    where g.profile_id = start_storing.profile_id
        and g.id = start_storing.generation_id
        and g.status = 'processing';
$$;

comment on function private.start_storing(uuid, uuid) is
'processing → storing; nothing when it is further on, or over.';

create function private.finish_generation(
    profile_id uuid,
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
    where g.profile_id = finish_generation.profile_id
        and g.id = finish_generation.generation_id
        and g.finished_at is null;

    if not found then
        return false;
    end if;

    if finish_generation.status <> 'succeeded' then
        perform private.refund_generation(
            finish_generation.profile_id, finish_generation.generation_id
        );

        update public.plan_uses as u
        set returned_at = now()
        where u.profile_id = finish_generation.profile_id
            and u.generation_id = finish_generation.generation_id;
    end if;
    return true;
end;
$$;

comment on function private.finish_generation(uuid, uuid, text, text, text, text) is
'Moves a generation to its final status and, unless it succeeded, gives its credits back, or its use
of the plan. True when this call did it, false when it was final before.';

create function private.enqueue_cancel(profile_id uuid, attempt_id uuid)
returns void
language sql
volatile
set search_path = ''
as $$
    -- Wakes nobody: the sweep comes by here too, with rows of many people.
    insert into private.generation_jobs (profile_id, kind, attempt_id)
    values (enqueue_cancel.profile_id, 'cancel', enqueue_cancel.attempt_id)
    on conflict do nothing;
$$;

comment on function private.enqueue_cancel(uuid, uuid) is
'Has the attempt''s prediction stopped, and its cost counted: nobody waits for its picture.';

create function private.lock_generation_job(profile_id uuid, generation_id uuid)
returns private.generation_jobs
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_job private.generation_jobs;
begin
    select j.* into v_job
    from private.generation_jobs as j
    where j.profile_id = lock_generation_job.profile_id
        and j.generation_id = lock_generation_job.generation_id
    for update;

    return v_job;
end;
$$;

comment on function private.lock_generation_job(uuid, uuid) is
'The job of a generation, locked whoever holds its lease; null when there is none.';

create function private.release_work(profile_id uuid, generation_id uuid)
returns void
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_attempt private.generation_attempts;
    v_job private.generation_jobs;
begin
    select a.* into v_attempt
    from private.generation_attempts as a
    where a.profile_id = release_work.profile_id
        and a.generation_id = release_work.generation_id
        and a.finished_at is null
        and a.duplicate_of is null
    order by a.attempt_number desc
    limit 1
    for update;

    -- The provider may have it, and its id is not known yet: the job stays until its answer, a list
    -- match or a webhook tells.
    if v_attempt.status in ('submitting', 'submit_unknown') then
        return;
    end if;

    v_job := private.lock_generation_job(release_work.profile_id, release_work.generation_id);
    perform private.finish_generation_job(release_work.profile_id, v_job.id);

    if v_attempt.id is not null then
        perform private.enqueue_cancel(release_work.profile_id, v_attempt.id);
    end if;
end;
$$;

comment on function private.release_work(uuid, uuid) is
'The generation is over but its attempt may not be: ends its job, and has the prediction stopped.';

create function private.expire_generation(profile_id uuid, generation_id uuid)
returns boolean
language plpgsql
volatile
set search_path = ''
as $$
begin
    if not private.finish_generation(
        expire_generation.profile_id, expire_generation.generation_id, 'expired'
    ) then
        return false;
    end if;
    perform private.release_work(expire_generation.profile_id, expire_generation.generation_id);
    return true;
end;
$$;

comment on function private.expire_generation(uuid, uuid) is
'Ends a generation whose deadline has passed: credits back, and its attempt canceled.';
