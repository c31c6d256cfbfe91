-- Purpose: the reward of a referral is paid, or taken back.
-- Touches: functions private.qualifying_payment, private.reward_referral, private.reverse_bonus,
--          private.reverse_referral.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function.

create function private.qualifying_payment(profile_id uuid)
returns uuid
language sql
stable
set search_path = ''
as $$
    select p.id
    from public.payments as p
    where p.profile_id = qualifying_payment.profile_id
        and p.amount > p.amount_reversed
    order by p.id
    limit 1;
$$;

comment on function private.qualifying_payment(uuid) is
'The first payment of a person that was not given back in full.';

create function private.reward_referral(referral public.referrals, payment_id uuid)
returns boolean
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_settings private.settings;
    v_reason text;
    v_rewarded_at timestamptz;
begin
    select s.* into v_settings
    from private.settings as s;

    v_reason := case
        when private.is_known_person(reward_referral.referral.referred_id) then 'known_person'
        when exists (
            select
            from public.profiles as p
            where p.id = reward_referral.referral.referrer_id
                and p.deleted_at is not null
        ) then 'referrer_gone'
        -- Rewards are counted under the referrer's lock, so that the cap holds.
        when (
            select count(*) >= v_settings.max_referral_rewards_per_month
            from public.referrals as r
            where r.referrer_id = reward_referral.referral.referrer_id
                and r.rewarded_at >= date_trunc('month', now(), 'utc')
        ) then 'monthly_cap'
    end;

    if v_reason is null then
        v_rewarded_at := now();
    end if;

    update public.referrals as r
    set
        status = case when v_reason is null then 'rewarded' else 'rejected' end,
        reason = v_reason,
        rewarded_at = v_rewarded_at,
        payment_id = case when v_reason is null then reward_referral.payment_id end
    where r.referred_id = reward_referral.referral.referred_id
        and r.id = reward_referral.referral.id
        and r.status = 'pending';

    if not found or v_reason is not null then
        return false;
    end if;

    perform private.grant_credits(
        reward_referral.referral.referrer_id, v_settings.referral_bonus_credits, 'referral',
        'referral:' || reward_referral.referral.referred_id
    );
    perform private.grant_credits(
        reward_referral.referral.referred_id, v_settings.referred_bonus_credits, 'referral',
        'referred:' || reward_referral.referral.referred_id
    );
    return true;
end;
$$;

comment on function private.reward_referral(public.referrals, uuid) is
'Pays a pending referral, or rejects it: known_person, referrer_gone, monthly_cap. True when it
paid. The caller holds both profiles'' locks.';

create function private.reverse_bonus(
    profile_id uuid,
    grant_key text,
    referral_id uuid,
    is_reversed boolean
)
returns void
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_lot public.credit_lots;
begin
    select l.* into v_lot
    from public.credit_lots as l
    where l.profile_id = reverse_bonus.profile_id
        and l.grant_key = reverse_bonus.grant_key;

    if found then
        perform private.claw_back_lot(
            reverse_bonus.profile_id,
            v_lot.id,
            case when reverse_bonus.is_reversed then v_lot.amount else 0 end,
            'referral:' || reverse_bonus.referral_id
        );
    end if;
end;
$$;

comment on function private.reverse_bonus(uuid, text, uuid, boolean) is
'Takes the bonus of one side of a referral back, or gives it again.';

create function private.reverse_referral(referral public.referrals, is_reversed boolean)
returns void
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_referral constant public.referrals := reverse_referral.referral;
    v_reversed_at constant timestamptz := case when reverse_referral.is_reversed then now() end;
begin
    update public.referrals as r
    set
        status = case when reverse_referral.is_reversed then 'reversed' else 'rewarded' end,
        reversed_at = v_reversed_at
    where r.referred_id = v_referral.referred_id
        and r.id = v_referral.id;

    perform private.reverse_bonus(
        v_referral.referrer_id, 'referral:' || v_referral.referred_id, v_referral.id,
        reverse_referral.is_reversed
    );
    perform private.reverse_bonus(
        v_referral.referred_id, 'referred:' || v_referral.referred_id, v_referral.id,
        reverse_referral.is_reversed
    );
end;
$$;

comment on function private.reverse_referral(public.referrals, boolean) is
'Takes both bonuses of a referral back, or gives them again. The caller holds both profiles''
locks.';
