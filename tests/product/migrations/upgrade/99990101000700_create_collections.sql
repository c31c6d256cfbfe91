-- Purpose: a person sorts their pictures.
-- Touches: table public.collections.
-- Locks:   share row exclusive on public.profiles, for an instant. On hosted, the auth tables too:
--          logins wait.
-- Rollout: pre.
-- Undo:    drop table public.collections.

set lock_timeout = '500ms';
set statement_timeout = '2s';

create table public.collections (
    id uuid not null default private.uuid_v7(),
    profile_id uuid not null,
    title text not null,

    constraint collections_pkey primary key (id),
    constraint collections_profile_id_fkey foreign key (profile_id) references public.profiles (id)
);

create index collections_profile_id_idx on public.collections (profile_id);

comment on table public.collections is 'Pictures that belong together.';

alter table public.collections enable row level security;

create policy collections_select_own
on public.collections
as permissive
for select
to authenticated
using (profile_id = (select auth.uid()));

comment on policy collections_select_own on public.collections is
'A person reads their own collections.';

grant select on table public.collections to authenticated;
