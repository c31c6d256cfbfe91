-- Purpose: when a referral pays.
-- Touches: functions private.settle_referral, private.settle_pending_referrals.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function.

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
        where p.profile_id = v_referral.referred_id
            and p.id = v_referral.payment_id;

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
    v_policy text;
    v_due uuid[];
    v_people uuid[];
    v_rewarded integer := 0;
begin
    select s.referral_policy into v_policy
    from private.settings as s;

    select
        array_agg(d.referred_id order by d.created_at),
        array_agg(d.referred_id) || array_agg(d.referrer_id)
    into v_due, v_people
    from (
        select
            r.referred_id,
            r.referrer_id,
            r.created_at
        from public.referrals as r
        where r.status = 'pending'
            and private.is_confirmed(r.referred_id)
            and (
                v_policy = 'confirmed'
                or private.qualifying_payment(r.referred_id) is not null
            )
        order by r.created_at
        limit settle_pending_referrals.max_referrals
    ) as d;

    -- All of them at once, in id order: one pair after the other could meet another transaction's.
    perform private.lock_profiles(v_people);

    for v_pending in
        select d.referred_id
        from unnest(v_due) with ordinality as d (referred_id, position)
        order by d.position
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
