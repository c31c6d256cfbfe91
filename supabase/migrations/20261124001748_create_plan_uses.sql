-- Purpose: pictures that an unlimited plan covered.
-- Touches: table public.plan_uses.
-- Locks:   share row exclusive on public.generations, public.profiles, public.subscriptions, for an
--          instant. On hosted, the auth tables too: logins wait.
-- Rollout: pre.
-- Undo:    drop table public.plan_uses.

set lock_timeout = '500ms';
set statement_timeout = '2s';

create table public.plan_uses (
    generation_id uuid not null,
    profile_id uuid not null,
    subscription_id uuid not null,
    created_at timestamptz not null default now(),
    returned_at timestamptz,

    constraint plan_uses_pkey primary key (generation_id),
    constraint plan_uses_generation_id_fkey
    foreign key (generation_id) references public.generations (id),
    constraint plan_uses_profile_id_fkey foreign key (profile_id) references public.profiles (id),
    constraint plan_uses_subscription_id_fkey
    foreign key (subscription_id) references public.subscriptions (id)
);

create index plan_uses_profile_id_created_at_idx
on public.plan_uses (profile_id, created_at desc)
where returned_at is null;

create index plan_uses_subscription_id_idx on public.plan_uses (subscription_id);

comment on table public.plan_uses is
'One row per generation that an unlimited plan paid for.';
comment on column public.plan_uses.returned_at is
'When it ended without a picture: from then on it does not count.';

alter table public.plan_uses enable row level security;

create policy plan_uses_select_own
on public.plan_uses
as permissive
for select
to authenticated
using (profile_id = (select auth.uid()));

comment on policy plan_uses_select_own on public.plan_uses is
'A person reads what their plan covered.';

grant select on table public.plan_uses to authenticated;
