-- Purpose: work of the sidecar on pictures: a row lives with its person.
-- Touches: table private.generation_jobs.
-- Locks:   share row exclusive on public.generations, for an instant.
-- Rollout: pre.
-- Undo:    drop table private.generation_jobs.

set lock_timeout = '500ms';
set statement_timeout = '2s';

create table private.generation_jobs (
    -- Even numbers here and odd ones there: a number names one job of both tables.
    id bigint not null generated always as identity (start with 2 increment by 2),
    -- No foreign key of its own: that of the generation leads to the person, and a request pays
    -- for each.
    profile_id uuid not null,
    kind text not null,
    generation_id uuid,
    attempt_id uuid,
    due_at timestamptz not null default now(),
    tries integer not null default 0,
    lease_token uuid,
    last_error text,
    dead_at timestamptz,
    created_at timestamptz not null default now(),

    constraint generation_jobs_pkey primary key (id),
    constraint generation_jobs_generation_id_key unique (generation_id),
    constraint generation_jobs_generation_id_fkey
    foreign key (generation_id) references public.generations (id),
    constraint generation_jobs_kind_known check (
        kind in ('submit', 'find', 'poll', 'store', 'cancel')
    ),
    constraint generation_jobs_cancel_has_no_generation check (
        (kind = 'cancel') = (generation_id is null)
    ),
    constraint generation_jobs_has_attempt_after_submit check (
        kind = 'submit' or attempt_id is not null
    ),
    constraint generation_jobs_tries_not_negative check (tries >= 0)
)
-- Rows live for seconds: clean up early, or dead entries at the head of the index slow each claim.
with (
    fillfactor = 70,
    autovacuum_vacuum_scale_factor = 0,
    autovacuum_vacuum_threshold = 500,
    autovacuum_vacuum_insert_scale_factor = 0
);

-- Partial, so that it costs a request nothing.
create unique index generation_jobs_attempt_id_key on private.generation_jobs (attempt_id)
where kind = 'cancel';

create index generation_jobs_due_at_idx on private.generation_jobs (due_at) where dead_at is null;

comment on table private.generation_jobs is
'Work of the sidecar on pictures: one row per generation that is not over (submit → poll → store,
with find while an answer is lost) and per attempt whose prediction has to be stopped (cancel);
deleted when done.

Narrow on purpose: the queue''s churn stays out of the wide table. A claimed row is due again when
its lease ends, so work of a killed sidecar comes back by itself.

A row is inserted in the transaction of the spend, and must stay there, on the node of its person:
where the two are committed apart, a crash between them leaves credits spent and no job.';
comment on column private.generation_jobs.profile_id is 'Whose picture it is.';
comment on column private.generation_jobs.generation_id is
'Null for a cancel: its generation may be over, or have another job.';
comment on column private.generation_jobs.due_at is
'When it may be claimed: later work, or the end of the lease.';
comment on column private.generation_jobs.tries is 'Failed tries in a row.';
comment on column private.generation_jobs.lease_token is
'Whoever holds it may report the result; others are stale.';
comment on column private.generation_jobs.dead_at is
'When it was given up; a person has to look at it.';

alter table private.generation_jobs enable row level security;
