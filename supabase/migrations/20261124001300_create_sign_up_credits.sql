-- Purpose: what a new person is given.
-- Touches: functions private.give_sign_up_credits, private.try_settle_referral,
--          private.reward_sign_up.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function.

create function private.give_sign_up_credits(user_id uuid)
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
    where l.profile_id = give_sign_up_credits.user_id
        and l.grant_key = 'sign_up:' || give_sign_up_credits.user_id;

    -- Given when the account was made, before it showed who it belongs to.
    if v_lot.id is not null and private.is_known_person(give_sign_up_credits.user_id) then
        perform private.claw_back_lot(
            v_lot.profile_id, v_lot.id, v_lot.amount, 'known_person'
        );
    elsif v_lot.id is null and not private.is_known_person(give_sign_up_credits.user_id) then
        perform private.grant_credits(
            give_sign_up_credits.user_id,
            (select s.sign_up_credits from private.settings as s),
            'sign_up',
            'sign_up:' || give_sign_up_credits.user_id
        );
    end if;
end;
$$;

comment on function private.give_sign_up_credits(uuid) is
'Gives a person the credits of a sign-up, once in a life: somebody whose address another profile has
confirmed before gets none, and loses them if they were given too early.';

create function private.try_settle_referral(user_id uuid)
returns void
language plpgsql
volatile
set search_path = ''
set lock_timeout = '2s'
as $$
begin
    perform private.settle_referral(user_id);
exception
    -- The referrer's row may be locked for too long, and a sign-up must not fail for that. The
    -- referral stays pending and private.sweep() pays it.
    when lock_not_available or deadlock_detected then
        raise warning 'the referral reward of % is postponed: %', user_id, sqlerrm;
end;
$$;

comment on function private.try_settle_referral(uuid) is
'Settles a referral now, or leaves it to the sweep when somebody holds the referrer.';

create function private.reward_sign_up(user_id uuid, is_anonymous boolean)
returns void
language plpgsql
volatile
set search_path = ''
as $$
begin
    -- Anonymous sign-ins cost nothing to make, so their credits wait until they become a person.
    if is_anonymous then
        return;
    end if;

    if private.is_confirmed(user_id) then
        -- Stays, whatever becomes of the referral: keeping a referrer busy makes nobody unknown.
        perform private.claim_address(user_id);
        perform private.try_settle_referral(user_id);
    end if;

    perform private.give_sign_up_credits(user_id);
end;
$$;

comment on function private.reward_sign_up(uuid, boolean) is
'Pays what a sign-up earns: the person''s own credits, and the referral once the address is
confirmed. Safe to call again: each grant has its key.';
