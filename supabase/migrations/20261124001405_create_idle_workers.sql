-- Purpose: the wake-up of the sidecar, which costs a request nothing.
-- Touches: table private.idle_workers, functions private.wake_worker, private.declare_idle,
--          private.next_job_in_ms.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop table private.idle_workers; drop function.

-- Unlogged: after a crash nobody is idle, and the workers say so again.
create unlogged table private.idle_workers (
    worker_id text not null,
    idle_since timestamptz not null default now(),

    constraint idle_workers_pkey primary key (worker_id)
);

comment on table private.idle_workers is
'Workers asleep on LISTEN. A request sends NOTIFY only while somebody is listed here: a NOTIFY in
every transaction would serialize all commits of the database.';

alter table private.idle_workers enable row level security;

create function private.wake_worker()
returns void
language plpgsql
volatile
set search_path = ''
as $$
begin
    -- The other half of declare_idle(): either this transaction commits before the worker gets the
    -- lock, and its second claim sees the job; or the flag is visible here. No wake-up is lost.
    perform pg_advisory_xact_lock_shared(hashtext('thumbsmith.idle_workers'));
    if exists (select from private.idle_workers) then
        perform pg_notify('thumbsmith_jobs', '');
    end if;
end;
$$;

comment on function private.wake_worker() is 'Wakes the sidecar if, and only if, it is asleep.';

create function private.declare_idle(worker_id text)
returns void
language plpgsql
volatile
-- security definer because the sidecar's role holds no table
security definer
set search_path = ''
-- A long request may hold the other side; then this worker just polls.
set lock_timeout = '500ms'
as $$
begin
    -- A worker that sleeps says so every few seconds: who does not has died, and wakes for nothing.
    delete from private.idle_workers as w
    where w.idle_since < now() - interval '1 minute';

    perform pg_advisory_xact_lock(hashtext('thumbsmith.idle_workers'));

    insert into private.idle_workers (worker_id)
    values (declare_idle.worker_id)
    on conflict on constraint idle_workers_pkey do update set idle_since = now();
exception
    when lock_not_available then
        return;
end;
$$;

comment on function private.declare_idle(text) is
'A worker found nothing: from here on requests send NOTIFY thumbsmith_jobs. The worker must claim
once more before it sleeps.';
grant execute on function private.declare_idle(text) to thumbsmith_sidecar;

create function private.next_job_in_ms()
returns integer
language sql
stable
-- security definer because the sidecar's role holds no table
security definer
set search_path = ''
as $$
    -- greatest() and least() pass over nulls, so an empty queue has to give no row at all.
    select greatest(
        least(extract(epoch from j.due_at - clock_timestamp()) * 1000, 3600000), 0
    )::integer
    from (
        (
            select g.due_at
            from private.generation_jobs as g
            where g.dead_at is null
            order by g.due_at
            limit 1
        )
        union all
        (
            select o.due_at
            from private.jobs as o
            where o.dead_at is null
            order by o.due_at
            limit 1
        )
    ) as j
    order by j.due_at
    limit 1;
$$;

comment on function private.next_job_in_ms() is
'Milliseconds until the next job is due, at most an hour; null when there is none.';
grant execute on function private.next_job_in_ms() to thumbsmith_sidecar;
