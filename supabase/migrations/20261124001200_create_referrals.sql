-- Purpose: who brought whom, and what became of it.
-- Touches: table public.referrals.
-- Locks:   share row exclusive on public.profiles, public.payments, for an instant. On hosted, the
--          auth tables too: logins wait.
-- Rollout: pre.
-- Undo:    drop table public.referrals.

set lock_timeout = '500ms';
set statement_timeout = '2s';

create table public.referrals (
    id uuid not null default private.uuid_v7(),
    referred_id uuid not null,
    referrer_id uuid,
    code text not null,
    status text not null default 'pending',
    reason text,
    payment_id uuid,
    created_at timestamptz not null default now(),
    rewarded_at timestamptz,
    reversed_at timestamptz,

    constraint referrals_pkey primary key (id),
    constraint referrals_referred_id_fkey
    foreign key (referred_id) references public.profiles (id),
    constraint referrals_referrer_id_fkey
    foreign key (referrer_id) references public.profiles (id),
    constraint referrals_payment_id_fkey foreign key (payment_id) references public.payments (id),
    constraint referrals_code_is_short check (char_length(code) <= 64),
    constraint referrals_status_known
    check (status in ('pending', 'rewarded', 'rejected', 'reversed')),
    constraint referrals_reason_known check (
        reason in (
            'malformed_code', 'unknown_code', 'own_code', 'circular', 'repeated', 'late',
            'known_person', 'monthly_cap', 'referrer_gone'
        )
    ),
    constraint referrals_rejected_has_reason check ((status = 'rejected') = (reason is not null)),
    constraint referrals_rewarded_has_rewarded_at
    check ((status in ('rewarded', 'reversed')) = (rewarded_at is not null)),
    constraint referrals_reversed_has_reversed_at
    check ((status = 'reversed') = (reversed_at is not null)),
    constraint referrals_reversed_has_payment
    check (status <> 'reversed' or payment_id is not null),
    constraint referrals_rejected_or_has_referrer
    check (status = 'rejected' or referrer_id is not null)
);

-- One code counts per person; those that did not are rows too.
create unique index referrals_referred_id_key on public.referrals (referred_id)
where status <> 'rejected';

create index referrals_referred_id_idx on public.referrals (referred_id);
create index referrals_referrer_id_rewarded_at_idx on public.referrals (referrer_id, rewarded_at);
create index referrals_payment_id_idx on public.referrals (payment_id)
where payment_id is not null;
create index referrals_pending_idx on public.referrals (created_at) where status = 'pending';

comment on table public.referrals is
'One row per code that somebody came with, usable or not: pending → rewarded → reversed, or
rejected with the reason.';
comment on column public.referrals.status is 'pending, rewarded, reversed or rejected.';
comment on column public.referrals.code is 'The code as it was given, cut at 64 characters.';
comment on column public.referrals.reason is 'Why it was rejected.';
comment on column public.referrals.payment_id is
'The purchase that earned the reward, where the policy is first_purchase.';

alter table public.referrals enable row level security;

create policy referrals_select_own
on public.referrals
as permissive
for select
to authenticated
using (referrer_id = (select auth.uid()) or referred_id = (select auth.uid()));

comment on policy referrals_select_own on public.referrals is 'Both sides of a referral see it.';

grant select on table public.referrals to authenticated;
