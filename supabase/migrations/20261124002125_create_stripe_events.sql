-- Purpose: the inbox of Stripe's events, and having their objects looked at.
-- Touches: table private.stripe_events, functions private.fetch_stripe_object,
--          private.enqueue_fetch.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop table private.stripe_events; drop function.

create table private.stripe_events (
    event_id text not null,
    event_type text not null,
    object_id text not null,
    object_type text not null,
    received_at timestamptz not null default now(),
    applied_at timestamptz,

    constraint stripe_events_pkey primary key (event_id),
    constraint stripe_events_event_id_is_short check (char_length(event_id) <= 255),
    constraint stripe_events_object_id_is_short check (char_length(object_id) <= 255)
);

create index stripe_events_waiting_idx on private.stripe_events (object_id)
where applied_at is null;

comment on table private.stripe_events is
'Every event of Stripe that was ever taken, once. Its body is not kept: an event is only a reason to
fetch its object, and people''s names and addresses are in it.';
comment on column private.stripe_events.event_id is
'evt_…; of a thin event the snapshot event that tells the same, so that both count as one.';
comment on column private.stripe_events.applied_at is
'When its object had been fetched after it came, and applied; at once for what concerns us not.';

alter table private.stripe_events enable row level security;

create function private.fetch_stripe_object(object_id text)
returns void
language plpgsql
volatile
set search_path = ''
as $$
begin
    insert into private.jobs as j (kind, stripe_object_id)
    values ('fetch', fetch_stripe_object.object_id)
    on conflict (stripe_object_id) where stripe_object_id is not null do update
    -- Whoever fetches it right now may have looked too early: that lease ends here.
    set
        kind = 'fetch',
        due_at = now(),
        tries = 0,
        lease_token = null,
        dead_at = null;

    perform private.wake_worker();
end;
$$;

comment on function private.fetch_stripe_object(text) is
'Has an object of Stripe fetched and applied, however many ask for it at once.';

create function private.enqueue_fetch(object_id text)
returns void
language plpgsql
volatile
set search_path = ''
as $$
begin
    -- Does not wait for whoever holds its job, who may be waiting for us; but for whoever is making
    -- it. So several are always asked for in the order of their ids.
    insert into private.jobs (kind, stripe_object_id)
    values ('fetch', enqueue_fetch.object_id)
    on conflict (stripe_object_id) where stripe_object_id is not null do nothing;
end;
$$;

comment on function private.enqueue_fetch(text) is
'As private.fetch_stripe_object, unless there is a job for it already: for those who hold other
jobs. Wakes nobody: a worker that calls is awake, and the sweep meets many people.';
