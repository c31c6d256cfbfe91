-- Purpose: work of the sidecar that is about no picture: pages and objects of Stripe, files,
--          accounts.
-- Touches: table private.jobs.
-- Locks:   share row exclusive on public.checkouts, public.user_images, public.profiles, for an
--          instant.
-- Rollout: pre.
-- Undo:    drop table private.jobs.

set lock_timeout = '500ms';
set statement_timeout = '2s';

create table private.jobs (
    -- Odd numbers here and even ones there: a number names one job of both tables.
    id bigint not null generated always as identity (start with 1 increment by 2),
    kind text not null,
    checkout_id uuid,
    stripe_object_id text,
    user_image_id uuid,
    account_id uuid,
    profile_id uuid,
    due_at timestamptz not null default now(),
    tries integer not null default 0,
    lease_token uuid,
    last_error text,
    dead_at timestamptz,
    created_at timestamptz not null default now(),

    constraint jobs_pkey primary key (id),
    constraint jobs_checkout_id_fkey
    foreign key (checkout_id) references public.checkouts (id),
    constraint jobs_user_image_id_fkey
    foreign key (user_image_id) references public.user_images (id),
    constraint jobs_account_id_fkey
    foreign key (account_id) references public.profiles (id),
    constraint jobs_kind_fits_subject check (
        (kind in ('customer', 'checkout')) = (checkout_id is not null)
        and (kind in ('fetch', 'find_invoice', 'find_session', 'reconcile'))
        = (stripe_object_id is not null)
        and (kind = 'remove_user_image') = (user_image_id is not null)
        and (kind = 'erase') = (account_id is not null)
    ),
    constraint jobs_has_one_subject check (
        num_nonnulls(checkout_id, stripe_object_id, user_image_id, account_id) = 1
    ),
    constraint jobs_profile_id_known check (
        (profile_id is null) = (stripe_object_id is not null)
        and (account_id is null or account_id = profile_id)
    ),
    constraint jobs_tries_not_negative check (tries >= 0)
)
-- Rows live for seconds: clean up early, or dead entries at the head of the index slow each claim.
with (
    fillfactor = 70,
    autovacuum_vacuum_scale_factor = 0,
    autovacuum_vacuum_threshold = 500,
    autovacuum_vacuum_insert_scale_factor = 0
);

create unique index jobs_checkout_id_key on private.jobs (checkout_id)
where checkout_id is not null;
create unique index jobs_stripe_object_id_key on private.jobs (stripe_object_id)
where stripe_object_id is not null;
create unique index jobs_user_image_id_key on private.jobs (user_image_id)
where user_image_id is not null;
create unique index jobs_account_id_key on private.jobs (account_id)
where account_id is not null;

create index jobs_due_at_idx on private.jobs (due_at) where dead_at is null;

comment on table private.jobs is
'Work of the sidecar that is about no picture: one row per page of Stripe that was asked for
(customer → checkout), per object of Stripe that has to be looked at again (fetch), per user image
to be deleted (remove_user_image) and per account to be erased (erase); deleted when done.

A claimed row is due again when its lease ends, so work of a killed sidecar comes back by itself.
Pictures have their own jobs in private.generation_jobs, under the same rules.';
comment on column private.jobs.stripe_object_id is
'An object of Stripe, by its id: however many events tell of it, it is fetched once. Or the name
reconcile, for the one job that compares everything.';
comment on column private.jobs.account_id is 'The account that is to be erased.';
comment on column private.jobs.profile_id is
'Whose work it is: of a page, an image, an account. Null for an object of Stripe, which may be
anybody''s until it is fetched.';
comment on column private.jobs.due_at is
'When it may be claimed: later work, or the end of the lease.';
comment on column private.jobs.tries is 'Failed tries in a row.';
comment on column private.jobs.lease_token is
'Whoever holds it may report the result; others are stale.';
comment on column private.jobs.dead_at is 'When it was given up; a person has to look at it.';

alter table private.jobs enable row level security;
