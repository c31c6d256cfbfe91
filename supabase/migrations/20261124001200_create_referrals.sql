-- Purpose: who brought whom, and what became of it.
-- Touches: table public.referrals, functions private.is_ancestor, private.judge_referral,
--          private.referrer_of, private.lock_with_referrer, private.record_referral.
-- Locks:   share row exclusive on public.profiles, public.payments, for an instant. On hosted, the
--          auth tables too: logins wait.
-- Rollout: pre.
-- Undo:    drop table public.referrals; drop function.

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

create function private.is_ancestor(profile_id uuid, ancestor_id uuid)
returns boolean
language sql
stable
set search_path = ''
as $$
    with recursive chain as (
        select p.referred_by
        from public.profiles as p
        where p.id = is_ancestor.profile_id

        union all

        select p.referred_by
        from chain as c
        inner join public.profiles as p on c.referred_by = p.id
    )

    select exists (select from chain as c where c.referred_by = is_ancestor.ancestor_id);
$$;

comment on function private.is_ancestor(uuid, uuid) is
'Whether the first profile was brought by the second, directly or through others.';

create function private.judge_referral(referred_id uuid, referrer_id uuid, code text)
returns text
language sql
stable
set search_path = ''
as $$
    select case
        when judge_referral.code !~ '^[2-9A-HJKMNP-TV-Z]{8}$' then 'malformed_code'
        when judge_referral.referrer_id is null then 'unknown_code'
        when judge_referral.referrer_id = p.id then 'own_code'
        when p.referred_by is not null then 'repeated'
        when p.created_at + s.referral_window < now() then 'late'
        when private.is_known_person(p.id) then 'known_person'
        when private.is_ancestor(judge_referral.referrer_id, p.id) then 'circular'
    end
    from public.profiles as p
    cross join private.settings as s
    where p.id = judge_referral.referred_id;
$$;

comment on function private.judge_referral(uuid, uuid, text) is
'Why this code does not count for this person; null when it does.';

create function private.referrer_of(referred_id uuid)
returns uuid
language sql
stable
set search_path = ''
as $$
    select r.referrer_id
    from public.referrals as r
    where r.referred_id = referrer_of.referred_id
        and r.status <> 'rejected';
$$;

comment on function private.referrer_of(uuid) is
'Who is or may yet be rewarded for this person; null when nobody.';

create function private.lock_with_referrer(referred_id uuid)
returns void
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_referrer_id uuid;
begin
    loop
        v_referrer_id := private.referrer_of(lock_with_referrer.referred_id);

        begin
            perform private.lock_profiles(
                array[lock_with_referrer.referred_id, v_referrer_id]
            );

            if private.referrer_of(lock_with_referrer.referred_id)
                is distinct from v_referrer_id
            then
                raise sqlstate 'TS001';
            end if;
            return;
        exception
            -- A code was applied while this waited. Locking its owner now could be out of order,
            -- so the locks of this block are let go and taken anew.
            when sqlstate 'TS001' then
                null;
        end;
    end loop;
end;
$$;

comment on function private.lock_with_referrer(uuid) is
'Locks a person and who brought them, in id order, for whatever may settle their referral.';

create function private.record_referral(referred_id uuid, code text)
returns public.referrals
language plpgsql
volatile
set search_path = ''
as $$
declare
    -- People copy codes by hand: case and surrounding blanks are forgiven.
    v_code constant text := upper(btrim(record_referral.code));
    v_referrer_id uuid;
    v_reason text;
    v_referral public.referrals;
begin
    select p.id into v_referrer_id
    from public.profiles as p
    where p.referral_code = v_code
        and p.deleted_at is null;

    v_reason := private.judge_referral(record_referral.referred_id, v_referrer_id, v_code);

    insert into public.referrals (referred_id, referrer_id, code, status, reason)
    values (
        record_referral.referred_id,
        v_referrer_id,
        left(record_referral.code, 64),
        case when v_reason is null then 'pending' else 'rejected' end,
        v_reason
    )
    returning * into v_referral;

    update public.profiles as p
    set referred_by = v_referrer_id
    where p.id = record_referral.referred_id
        and v_reason is null;

    return v_referral;
end;
$$;

comment on function private.record_referral(uuid, text) is
'Records the code a person came with: pending, or rejected with the reason. Never refuses.';
