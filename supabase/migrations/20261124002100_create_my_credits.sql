-- Purpose: RPC my_credits: the balance, explained.
-- Touches: type public.credit_summary, functions private.my_credits_for, private.my_credits,
--          public.my_credits.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function; drop type public.credit_summary.

create type public.credit_summary as (
    available bigint,
    held bigint,
    frozen bigint,
    debt bigint,
    expiring_soon bigint,
    expiring_at timestamptz,
    next_grant_credits bigint,
    next_grant_at timestamptz
);

comment on type public.credit_summary is
'What a person has: available can be spent now; held is burned for pictures that are under way and
comes back if they fail; frozen waits for the end of a dispute; debt is repaid first by what comes
in; expiring_soon is the part of available that expires next, at expiring_at; next_grant_credits
come with the plan at next_grant_at.';
-- Types of results are made from these: a column that may be null says so.
comment on column public.credit_summary.available is 'Credits that can be spent now.';
comment on column public.credit_summary.held is
'Credits burned for pictures that are under way; they come back if these fail.';
comment on column public.credit_summary.frozen is 'Credits that wait for the end of a dispute.';
comment on column public.credit_summary.debt is 'Credits that the next grants repay first.';
comment on column public.credit_summary.expiring_soon is
'The part of available that expires next.';
comment on column public.credit_summary.expiring_at is
'When that part expires; null when nothing expires.';
comment on column public.credit_summary.next_grant_credits is
'Credits that come with the plan next.';
comment on column public.credit_summary.next_grant_at is
'When they come; null without a grant to come.';
grant usage on type public.credit_summary to authenticated;

create function private.my_credits_for(profile_id uuid)
returns public.credit_summary
language plpgsql
stable
set search_path = ''
as $$
declare
    v_profile_id constant uuid := my_credits_for.profile_id;
    v_summary public.credit_summary;
    v_subscription record;
    v_plan_credits bigint;
begin
    select
        coalesce(sum(l.remaining) filter (where l.frozen_at is null), 0),
        coalesce(sum(l.remaining) filter (where l.frozen_at is not null), 0),
        min(l.expires_at) filter (where l.frozen_at is null)
    into v_summary.available, v_summary.frozen, v_summary.expiring_at
    from public.credit_lots as l
    where l.profile_id = v_profile_id
        and l.exhausted_at is null
        and (l.frozen_at is not null or l.expires_at is null or l.expires_at > now());

    select coalesce(sum(l.remaining), 0) into v_summary.expiring_soon
    from public.credit_lots as l
    where l.profile_id = v_profile_id
        and l.exhausted_at is null
        and l.frozen_at is null
        and l.expires_at = v_summary.expiring_at;

    select coalesce(sum(g.credit_cost), 0) into v_summary.held
    from public.generations as g
    where g.profile_id = v_profile_id
        and g.finished_at is null;

    select p.debt into v_summary.debt
    from public.profiles as p
    where p.id = v_profile_id;

    for v_subscription in
        select
            s.plan_name,
            s.quantity,
            s.next_grant_at
        from public.subscriptions as s
        where s.profile_id = v_profile_id
            and s.is_active
            and s.next_grant_at > now()
            and (s.next_grant_at < s.end_date or s.end_date is null)
            and not (s.cancel_at_period_end and s.next_grant_at >= s.current_period_end)
        order by s.next_grant_at
    loop
        select p.credits_per_month into v_plan_credits
        from public.plans as p
        where p.plan_name = v_subscription.plan_name;

        -- The first one that grants any.
        if v_plan_credits > 0 then
            v_summary.next_grant_credits := v_plan_credits * v_subscription.quantity;
            v_summary.next_grant_at := v_subscription.next_grant_at;
            exit;
        end if;
    end loop;

    v_summary.debt := coalesce(v_summary.debt, 0);
    v_summary.next_grant_credits := coalesce(v_summary.next_grant_credits, 0);
    return v_summary;
end;
$$;

comment on function private.my_credits_for(uuid) is
'The rule behind public.my_credits, for this person.';

create function private.my_credits()
returns public.credit_summary
language plpgsql
stable
-- security definer because the rule reads the rows of the person that it is told
security definer
set search_path = ''
as $$
begin
    return private.my_credits_for(private.signed_in_profile());
end;
$$;

comment on function private.my_credits() is 'public.my_credits for whoever calls.';
grant execute on function private.my_credits() to authenticated;

create function public.my_credits()
returns public.credit_summary
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return private.my_credits();
end;
$$;

comment on function public.my_credits() is
'What the signed-in person has: available, held for pictures under way, frozen, owed, what expires
next, and what the plan grants next.';
grant execute on function public.my_credits() to authenticated;
