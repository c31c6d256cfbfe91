-- Purpose: generations whose deadline has passed end, whether or not the queue knows of them.
-- Touches: table private.sweep_progress, functions private.expire_if_overdue,
--          private.expire_overdue_generations, private.expire_unfinished_piece,
--          private.expire_forgotten_generations.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function; drop table private.sweep_progress.

create table private.sweep_progress (
    step text not null,
    after_profile_id uuid,
    after_generation_id uuid,
    started_at timestamptz,
    finished_at timestamptz,

    constraint sweep_progress_pkey primary key (step)
);

comment on table private.sweep_progress is
'How far a step of the sweep has come that goes round many rows in pieces.';
comment on column private.sweep_progress.after_profile_id is
'The person and generation that were looked at last; null at the begin of a round.';
comment on column private.sweep_progress.started_at is 'When the round began.';
comment on column private.sweep_progress.finished_at is
'When the round ended; null while it is under way.';

alter table private.sweep_progress enable row level security;

insert into private.sweep_progress (step)
values ('forgotten');

create function private.expire_if_overdue(profile_id uuid, generation_id uuid)
returns boolean
language plpgsql
volatile
set search_path = ''
as $$
begin
    -- Job, attempts, generation, as everywhere. What somebody holds is being looked at.
    perform
    from private.generation_jobs as j
    where j.profile_id = expire_if_overdue.profile_id
        and j.generation_id = expire_if_overdue.generation_id
    for update skip locked;

    if not found and exists (
        select
        from private.generation_jobs as j
        where j.profile_id = expire_if_overdue.profile_id
            and j.generation_id = expire_if_overdue.generation_id
    ) then
        return false;
    end if;

    perform
    from private.generation_attempts as a
    where a.profile_id = expire_if_overdue.profile_id
        and a.generation_id = expire_if_overdue.generation_id
    order by a.id
    for update;

    perform
    from public.generations as g
    where g.profile_id = expire_if_overdue.profile_id
        and g.id = expire_if_overdue.generation_id
        and g.finished_at is null
        and g.deadline_at <= now()
    for no key update skip locked;

    return found and private.expire_generation(
        expire_if_overdue.profile_id, expire_if_overdue.generation_id
    );
end;
$$;

comment on function private.expire_if_overdue(uuid, uuid) is
'Ends a generation whose deadline has passed, also one without a job. True when it did; false when
it is over, has time left, or is held by somebody else.';

create function private.expire_overdue_generations(max_generations integer)
returns integer
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_overdue record;
    v_expired integer := 0;
begin
    -- The usual way: the table of jobs is small. Read without a lock, then locked one by one.
    for v_overdue in
        select
            g.profile_id,
            g.id
        from private.generation_jobs as j
        inner join public.generations as g
            on j.profile_id = g.profile_id and j.generation_id = g.id
        where g.finished_at is null
            and g.deadline_at <= now()
        order by g.profile_id, g.id
        limit expire_overdue_generations.max_generations
    loop
        if private.expire_if_overdue(v_overdue.profile_id, v_overdue.id) then
            v_expired := v_expired + 1;
        end if;
    end loop;

    return v_expired;
end;
$$;

comment on function private.expire_overdue_generations(integer) is
'Ends generations of the queue whose deadline has passed, with the credits back. Returns how many.';

create function private.expire_unfinished_piece(
    max_generations integer,
    inout after_profile_id uuid,
    inout after_generation_id uuid,
    out expired integer
)
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_generation record;
    v_rows integer := 0;
begin
    expired := 0;

    for v_generation in
        select
            g.profile_id,
            g.id,
            g.deadline_at
        from public.generations as g
        where g.finished_at is null
            and (g.profile_id, g.id) > (
                coalesce(
                    expire_unfinished_piece.after_profile_id,
                    '00000000-0000-0000-0000-000000000000'
                ),
                coalesce(
                    expire_unfinished_piece.after_generation_id,
                    '00000000-0000-0000-0000-000000000000'
                )
            )
        order by g.profile_id, g.id
        limit expire_unfinished_piece.max_generations
    loop
        v_rows := v_rows + 1;
        after_profile_id := v_generation.profile_id;
        after_generation_id := v_generation.id;

        if v_generation.deadline_at <= now()
            and private.expire_if_overdue(v_generation.profile_id, v_generation.id)
        then
            expired := expired + 1;
        end if;
    end loop;

    if v_rows < expire_unfinished_piece.max_generations then
        after_profile_id := null;
        after_generation_id := null;
    end if;
end;
$$;

comment on function private.expire_unfinished_piece(integer, uuid, uuid) is
'Looks at so many unfinished generations after this one and ends those whose deadline has passed.
Returns the last one, null after the last of all, and how many ended.';

create function private.expire_forgotten_generations(max_expired integer)
returns integer
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_progress private.sweep_progress;
    v_piece record;
    v_expired integer := 0;
begin
    -- Whoever else goes round already does the same.
    select p.* into v_progress
    from private.sweep_progress as p
    where p.step = 'forgotten'
    for update skip locked;

    -- Asked every minute, a round begins at the latest five minutes after the one before.
    if not found or v_progress.finished_at > now() - interval '4 minutes' then
        return 0;
    end if;

    if v_progress.started_at is null or v_progress.finished_at is not null then
        v_progress.started_at := now();
        v_progress.finished_at := null;
    end if;

    loop
        select * into v_piece
        from private.expire_unfinished_piece(
            1000, v_progress.after_profile_id, v_progress.after_generation_id
        );

        v_progress.after_profile_id := v_piece.after_profile_id;
        v_progress.after_generation_id := v_piece.after_generation_id;
        v_expired := v_expired + v_piece.expired;

        if v_piece.after_profile_id is null then
            v_progress.finished_at := now();
        end if;

        exit when v_progress.finished_at is not null
            or v_expired >= expire_forgotten_generations.max_expired;
    end loop;

    update private.sweep_progress as p
    set
        after_profile_id = v_progress.after_profile_id,
        after_generation_id = v_progress.after_generation_id,
        started_at = v_progress.started_at,
        finished_at = v_progress.finished_at
    where p.step = 'forgotten';

    return v_expired;
end;
$$;

comment on function private.expire_forgotten_generations(integer) is
'The safety net: goes round all unfinished generations in pieces of at most 1,000, once in five
minutes, and ends those whose deadline has passed, also where their job was lost. Returns how many
ended; goes on at the next call after about max_expired.';
