-- Purpose: pages of Stripe that somebody asked for.
-- Touches: table public.checkouts.
-- Locks:   share row exclusive on public.profiles, for an instant. On hosted, the auth tables too:
--          logins wait.
-- Rollout: pre.
-- Undo:    drop table public.checkouts.

set lock_timeout = '500ms';
set statement_timeout = '2s';

create table public.checkouts (
    id uuid not null default private.uuid_v7(),
    profile_id uuid not null,
    item_kind text not null,
    item_key text,
    quantity integer not null default 1,
    credits bigint,
    status text not null default 'requested',
    url text,
    error text,
    stripe_session_id text,
    idempotency_key uuid not null,
    created_at timestamptz not null default now(),
    expires_at timestamptz,
    finished_at timestamptz,

    constraint checkouts_pkey primary key (id),
    constraint checkouts_profile_id_idempotency_key_key unique (profile_id, idempotency_key),
    constraint checkouts_stripe_session_id_key unique (stripe_session_id),
    constraint checkouts_profile_id_fkey foreign key (profile_id) references public.profiles (id),
    constraint checkouts_item_kind_known check (item_kind in ('pack', 'subscription', 'portal')),
    constraint checkouts_portal_has_no_item check ((item_kind = 'portal') = (item_key is null)),
    constraint checkouts_quantity_positive check (quantity > 0),
    constraint checkouts_status_known check (
        status in ('requested', 'open', 'pending', 'completed', 'expired', 'failed')
    ),
    constraint checkouts_open_has_url check (status <> 'open' or url is not null),
    constraint checkouts_final_has_finished_at check (
        (status in ('completed', 'expired', 'failed')) = (finished_at is not null)
    ),
    constraint checkouts_only_failed_has_error check (error is null or status = 'failed')
);

create index checkouts_profile_id_id_idx on public.checkouts (profile_id, id desc);
create index checkouts_unfinished_idx on public.checkouts (created_at) where finished_at is null;

comment on table public.checkouts is
'A page of Stripe that somebody asked for: requested → open (url) → completed, expired or failed;
pending while a slow payment method has not said yes or no.';
comment on column public.checkouts.quantity is 'How many packs; 1 for a plan.';
comment on column public.checkouts.status is
'requested, open, pending, completed, expired or failed.';
comment on column public.checkouts.stripe_session_id is
'Stripe''s id of the page, once it is made.';
comment on column public.checkouts.item_kind is
'pack or subscription: Checkout. portal: the customer portal.';
comment on column public.checkouts.item_key is 'The pack or the plan.';
comment on column public.checkouts.credits is
'What one pack was promised to give when it was asked for.';
comment on column public.checkouts.url is 'Where the browser goes, once status is open.';
comment on column public.checkouts.error is 'Why it failed.';

alter table public.checkouts enable row level security;

create policy checkouts_select_own
on public.checkouts
as permissive
for select
to authenticated
using (profile_id = (select auth.uid()));

comment on policy checkouts_select_own on public.checkouts is
'A person reads their own checkouts.';

grant select on table public.checkouts to authenticated;
