-- Purpose: one row per person, with the balance that the ledger keeps.
-- Touches: table public.profiles.
-- Locks:   on hosted, the auth tables, for an instant: logins wait.
-- Rollout: pre.
-- Undo:    drop table public.profiles.

set lock_timeout = '500ms';
set statement_timeout = '2s';

create table public.profiles (
    id uuid not null,
    credits bigint not null default 0,
    debt bigint not null default 0,
    entry_count bigint not null default 0,
    referral_code text not null,
    referred_by uuid,
    created_at timestamptz not null default now(),
    deleted_at timestamptz,

    constraint profiles_pkey primary key (id),
    constraint profiles_referral_code_key unique (referral_code),
    constraint profiles_referred_by_fkey foreign key (referred_by) references public.profiles (id),
    constraint profiles_credits_not_negative check (credits >= 0),
    constraint profiles_debt_not_negative check (debt >= 0),
    constraint profiles_entry_count_not_negative check (entry_count >= 0),
    constraint profiles_not_own_referrer check (referred_by is distinct from id)
)
-- Every entry updates credits and entry_count in place: room on the page and no index on either
-- keep those updates HOT.
with (fillfactor = 70);

create index profiles_referred_by_idx on public.profiles (referred_by)
where referred_by is not null;
create index profiles_deleted_at_idx on public.profiles (deleted_at)
where deleted_at is not null;

comment on table public.profiles is
'One row per auth.users row, made at sign-up.

There is no foreign key to auth.users: the money rows that hang on a profile outlive the account,
and what stays is a bare id. The triggers on auth.users make the row and close it.';
comment on column public.profiles.id is 'The id of the person in auth.users.';
comment on column public.profiles.credits is
'Credits owned, the frozen ones included. Kept by the ledger alone: the sum of credit_entries and of
the open lots. What can be spent now is my_credits().available.';
comment on column public.profiles.debt is
'Credits taken back after they were spent. The next grants repay it first.';
comment on column public.profiles.entry_count is
'Number of ledger entries so far: the number of the next one follows it without a gap.';
comment on column public.profiles.referral_code is 'The code this person gives to friends.';
comment on column public.profiles.referred_by is 'The person whose code was used at sign-up.';
comment on column public.profiles.deleted_at is
'When the account was closed: nothing can be done with it from then on. What was
personal is erased soon after; see private.erasures.';

alter table public.profiles enable row level security;

create policy profiles_select_own
on public.profiles
as permissive
for select
to authenticated
using (id = (select auth.uid()));

comment on policy profiles_select_own on public.profiles is 'A person reads their own profile.';

grant select on table public.profiles to authenticated;
