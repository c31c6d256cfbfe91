-- Purpose: work that the sidecar has to do.
-- Touches: table private.outbox.
-- Locks:   share row exclusive on public.generations, public.checkouts, public.user_images,
--          public.profiles, for an instant.
-- Rollout: pre.
-- Undo:    drop table private.outbox.

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
