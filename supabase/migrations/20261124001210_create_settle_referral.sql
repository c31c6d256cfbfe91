-- Purpose: pay a referral when it is earned; take it back when its purchase is refunded.
-- Touches: functions private.qualifying_payment, private.reward_referral,
--          private.reverse_referral, private.settle_referral, private.settle_pending_referrals.
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
        -- Counted under the referrer's lock, so that the cap holds for any number at once.
        when (
            select count(*) >= v_settings.referral_rewards_per_month_max
            from public.referrals as r
            where r.referrer_id = reward_referral.referral.referrer_id
                and r.rewarded_at >= date_trunc('month', now(), 'utc')
        ) then 'monthly_cap'
    end;

    update public.referrals as r
    set
        status = case when v_reason is null then 'rewarded' else 'rejected' end,
        reason = v_reason,
        rewarded_at = case when v_reason is null then now() end,
        payment_id = case when v_reason is null then reward_referral.payment_id end
    where r.id = reward_referral.referral.id
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

create function private.reverse_referral(referral public.referrals, is_reversed boolean)
returns void
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_lot record;
begin
    update public.referrals as r
    set
        status = case when reverse_referral.is_reversed then 'reversed' else 'rewarded' end,
        reversed_at = case when reverse_referral.is_reversed then now() end
    where r.id = reverse_referral.referral.id;

    for v_lot in
        select
            l.id,
            l.amount
        from public.credit_lots as l
        where l.grant_key in (
            'referral:' || reverse_referral.referral.referred_id,
            'referred:' || reverse_referral.referral.referred_id
        )
        order by l.id
    loop
        perform private.claw_back_lot(
            v_lot.id,
            case when reverse_referral.is_reversed then v_lot.amount else 0 end,
            'referral:' || reverse_referral.referral.id
        );
    end loop;
end;
$$;

comment on function private.reverse_referral(public.referrals, boolean) is
'Takes both bonuses of a referral back, or gives them again. The caller holds both profiles''
locks.';

create function private.settle_referral(referred_id uuid)
returns boolean
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_referral public.referrals;
    v_payment_id uuid;
    v_is_earned boolean;
    v_is_refunded boolean;
begin
    -- Nobody to lock for most people, who came by themselves.
    if private.referrer_of(settle_referral.referred_id) is null then
        return false;
    end if;

    -- Profiles before the referral's own row, as everywhere.
    perform private.lock_with_referrer(settle_referral.referred_id);

    select r.* into v_referral
    from public.referrals as r
    where r.referred_id = settle_referral.referred_id
        and r.status <> 'rejected';

    if v_referral.status = 'pending' then
        select
            case s.referral_policy when 'first_purchase' then q.payment_id end,
            u.is_confirmed and (s.referral_policy = 'confirmed' or q.payment_id is not null)
        into v_payment_id, v_is_earned
        from private.settings as s
        cross join (
            select private.qualifying_payment(v_referral.referred_id) as payment_id
        ) as q
        cross join private.is_confirmed(v_referral.referred_id) as u (is_confirmed);

        if not v_is_earned then
            return false;
        end if;
        return private.reward_referral(v_referral, v_payment_id);
    end if;

    if v_referral.payment_id is not null then
        select p.amount_reversed >= p.amount into v_is_refunded
        from public.payments as p
        where p.id = v_referral.payment_id;

        if v_is_refunded <> (v_referral.status = 'reversed') then
            perform private.reverse_referral(v_referral, v_is_refunded);
        end if;
    end if;

    return false;
end;
$$;

comment on function private.settle_referral(uuid) is
'Does what is due for the referral of this person: pays it once it is earned, and reverses it when
the purchase that earned it was refunded in full. Safe to call again. True when it paid now.';

create function private.settle_pending_referrals(max_referrals integer)
returns integer
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_pending record;
    v_due uuid[];
    v_rewarded integer := 0;
begin
    select array_agg(d.referred_id order by d.created_at) into v_due
    from (
        select
            r.referred_id,
            r.created_at
        from public.referrals as r
        cross join private.settings as s
        where r.status = 'pending'
            and private.is_confirmed(r.referred_id)
            and (
                s.referral_policy = 'confirmed'
                or private.qualifying_payment(r.referred_id) is not null
            )
        order by r.created_at
        limit settle_pending_referrals.max_referrals
    ) as d;

    -- All of them at once, in id order: one pair after the other could meet another transaction's.
    perform private.lock_profiles(array(
        select unnest(array[r.referred_id, r.referrer_id])
        from public.referrals as r
        where r.referred_id = any(v_due)
            and r.status = 'pending'
    ));

    for v_pending in
        select d.referred_id
        from unnest(v_due) with ordinality as d (referred_id, place)
        order by d.place
    loop
        if private.settle_referral(v_pending.referred_id) then
            v_rewarded := v_rewarded + 1;
        end if;
    end loop;

    return v_rewarded;
end;
$$;

comment on function private.settle_pending_referrals(integer) is
'Settles pending referrals that are due: whose reward was postponed, or whose policy changed.
Returns how many were paid.';
