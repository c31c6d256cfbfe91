-- Purpose: work that the sidecar has to do, and the wake-up that costs a request nothing.
-- Touches: tables private.outbox, private.idle_workers, functions private.wake_worker,
--          private.declare_idle, private.next_job_in_ms.
-- Locks:   share row exclusive on public.generations, public.checkouts, public.user_images,
--          public.profiles, for an instant.
-- Rollout: pre.
-- Undo:    drop table private.outbox, private.idle_workers; drop function.

set lock_timeout = '500ms';
set statement_timeout = '2s';

create table private.outbox (
    id bigint not null generated always as identity,
    kind text not null,
    generation_id uuid,
    run_id uuid,
    checkout_id uuid,
    stripe_object_id text,
    user_image_id uuid,
    profile_id uuid,
    due_at timestamptz not null default now(),
    attempts integer not null default 0,
    lease_token uuid,
    last_error text,
    dead_at timestamptz,
    created_at timestamptz not null default now(),

    constraint outbox_pkey primary key (id),
    constraint outbox_generation_id_key unique (generation_id),
    constraint outbox_generation_id_fkey
    foreign key (generation_id) references public.generations (id),
    constraint outbox_checkout_id_fkey
    foreign key (checkout_id) references public.checkouts (id),
    constraint outbox_user_image_id_fkey
    foreign key (user_image_id) references public.user_images (id),
    constraint outbox_profile_id_fkey
    foreign key (profile_id) references public.profiles (id),
    constraint outbox_kind_fits_subject check (
        (kind in ('submit', 'find', 'poll', 'store')) = (generation_id is not null)
        and (kind = 'cancel') = (run_id is not null and generation_id is null)
        and (kind in ('customer', 'checkout')) = (checkout_id is not null)
        and (kind in ('fetch', 'find_invoice', 'find_session', 'reconcile'))
        = (stripe_object_id is not null)
        and (kind = 'remove_face') = (user_image_id is not null)
        and (kind = 'erase') = (profile_id is not null)
    ),
    constraint outbox_has_one_subject check (
        num_nonnulls(
            coalesce(generation_id, run_id), checkout_id, stripe_object_id, user_image_id,
            profile_id
        ) = 1
    ),
    constraint outbox_has_run_after_submit check (
        kind not in ('find', 'poll', 'store', 'cancel') or run_id is not null
    ),
    constraint outbox_attempts_not_negative check (attempts >= 0)
)
-- Rows live for seconds: clean up early, or dead entries at the head of the index slow each claim.
with (
    fillfactor = 70,
    autovacuum_vacuum_scale_factor = 0,
    autovacuum_vacuum_threshold = 500,
    autovacuum_vacuum_insert_scale_factor = 0
);

-- Partial, so that they cost a thumbnail nothing.
create unique index outbox_checkout_id_key on private.outbox (checkout_id)
where checkout_id is not null;
create unique index outbox_stripe_object_id_key on private.outbox (stripe_object_id)
where stripe_object_id is not null;
create unique index outbox_run_id_key on private.outbox (run_id)
where kind = 'cancel';
create unique index outbox_user_image_id_key on private.outbox (user_image_id)
where user_image_id is not null;
create unique index outbox_profile_id_key on private.outbox (profile_id)
where profile_id is not null;

create index outbox_due_at_idx on private.outbox (due_at) where dead_at is null;

comment on table private.outbox is
'Work of the sidecar: one row per generation that is not over (submit → poll → store, with find
while an answer is lost), per attempt whose prediction has to be stopped (cancel), per page of
Stripe that was asked for (customer → checkout), per object of Stripe that has to be looked at again
(fetch), per face photo to be deleted (remove_face) and per account to be erased (erase); deleted
when done.

Narrow on purpose: the queue''s churn stays out of the wide table. A claimed row is due again when
its lease ends, so work of a killed sidecar comes back by itself.';
comment on column private.outbox.stripe_object_id is
'An object of Stripe, by its id: however many events tell of it, it is fetched once. Or the name
reconcile, for the one job that compares everything.';
comment on column private.outbox.due_at is
'When it may be claimed: later work, or the end of the lease.';
comment on column private.outbox.attempts is 'Failed tries in a row.';
comment on column private.outbox.lease_token is
'Whoever holds it may report the result; others are stale.';
comment on column private.outbox.dead_at is 'When it was given up; a person has to look at it.';

alter table private.outbox enable row level security;

-- Unlogged: after a crash nobody is idle, and the workers say so again.
create unlogged table private.idle_workers (
    worker_id text not null,
    idle_since timestamptz not null default now(),

    constraint idle_workers_pkey primary key (worker_id)
);

comment on table private.idle_workers is
'Workers asleep on LISTEN. A request sends NOTIFY only while somebody is listed here: a NOTIFY in
every transaction would serialise all commits of the database.';

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
        least(extract(epoch from o.due_at - clock_timestamp()) * 1000, 3600000), 0
    )::integer
    from private.outbox as o
    where o.dead_at is null
    order by o.due_at
    limit 1;
$$;

comment on function private.next_job_in_ms() is
'Milliseconds until the next job is due, at most an hour; null when there is none.';
grant execute on function private.next_job_in_ms() to thumbsmith_sidecar;
