-- Purpose: who brought whom, and whether it was rewarded.
-- Touches: table public.referrals, functions private.record_referral, private.reward_referral.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop table public.referrals; drop function.

create table public.referrals (
    referred_id uuid not null,
    referrer_id uuid,
    code text not null,
    status text not null default 'pending',
    reason text,
    created_at timestamptz not null default now(),
    rewarded_at timestamptz,

    constraint referrals_pkey primary key (referred_id),
    constraint referrals_referred_id_fkey
    foreign key (referred_id) references public.profiles (id),
    constraint referrals_referrer_id_fkey
    foreign key (referrer_id) references public.profiles (id),
    constraint referrals_code_is_short check (char_length(code) <= 64),
    constraint referrals_status_known check (status in ('pending', 'rewarded', 'rejected')),
    constraint referrals_reason_known
    check (reason in ('malformed_code', 'unknown_code', 'own_code')),
    constraint referrals_rejected_has_reason check ((status = 'rejected') = (reason is not null)),
    constraint referrals_rewarded_has_rewarded_at
    check ((status = 'rewarded') = (rewarded_at is not null)),
    constraint referrals_rejected_or_has_referrer
    check (status = 'rejected' or referrer_id is not null)
);

create index referrals_referrer_id_idx on public.referrals (referrer_id);

comment on table public.referrals is
'One row per person who signed up with a referral code, usable or not: pending → rewarded, or
rejected.';
comment on column public.referrals.code is 'The code as it was given, cut at 64 characters.';
comment on column public.referrals.reason is 'Why it was rejected.';

alter table public.referrals enable row level security;

create policy referrals_select_own
on public.referrals
as permissive
for select
to authenticated
using (referrer_id = (select auth.uid()) or referred_id = (select auth.uid()));

comment on policy referrals_select_own on public.referrals is 'Both sides of a referral see it.';

grant select on table public.referrals to authenticated;

create function private.record_referral(referred_id uuid, code text)
returns void
language plpgsql
volatile
set search_path = ''
as $$
declare
    -- People copy codes by hand: case and surrounding blanks are forgiven.
    v_code constant text := upper(btrim(record_referral.code));
    v_referrer_id uuid;
    v_reason text;
begin
    select p.id into v_referrer_id
    from public.profiles as p
    where p.referral_code = v_code
        and p.deleted_at is null;

    v_reason := case
        when v_code !~ '^[2-9A-HJKMNP-TV-Z]{8}$' then 'malformed_code'
        when v_referrer_id is null then 'unknown_code'
        when v_referrer_id = record_referral.referred_id then 'own_code'
    end;

    insert into public.referrals (referred_id, referrer_id, code, status, reason)
    values (
        record_referral.referred_id,
        case when v_reason is null then v_referrer_id end,
        left(record_referral.code, 64),
        case when v_reason is null then 'pending' else 'rejected' end,
        v_reason
    )
    -- The first code counts; a restored account keeps it.
    on conflict on constraint referrals_pkey do nothing;

    update public.profiles as p
    set referred_by = v_referrer_id
    where p.id = record_referral.referred_id
        and p.referred_by is null
        and v_reason is null;
end;
$$;

comment on function private.record_referral(uuid, text) is
'Records the code a person came with: pending, or rejected with the reason. Never refuses.';

create function private.reward_referral(referred_id uuid)
returns boolean
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_referrer_id uuid;
begin
    update public.referrals as r
    set
        status = 'rewarded',
        rewarded_at = now()
    where r.referred_id = reward_referral.referred_id
        and r.status = 'pending'
    returning r.referrer_id into v_referrer_id;

    if v_referrer_id is null then
        return false;
    end if;

    perform private.grant_credits(
        v_referrer_id,
        (select s.referral_bonus_credits from private.settings as s),
        'referral',
        'referral:' || reward_referral.referred_id
    );
    return true;
end;
$$;

comment on function private.reward_referral(uuid) is
'Pays the referrer of this person, if a referral is pending. True when it paid.';
