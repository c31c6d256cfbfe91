-- Purpose: RPC my_credits: the balance, explained.
-- Touches: type public.credit_summary, function public.my_credits.
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
grant usage on type public.credit_summary to authenticated;

create function public.my_credits()
returns public.credit_summary
language sql
stable
-- The caller's own rows are all that row level security shows here.
security invoker
set search_path = ''
as $$
    with open_lots as (
        select
            l.remaining,
            l.expires_at,
            l.frozen_at is not null as is_frozen
        from public.credit_lots as l
        where l.profile_id = (select auth.uid())
            and l.exhausted_at is null
            and (l.frozen_at is not null or l.expires_at is null or l.expires_at > now())
    ),

    expiring as (
        select
            l.expires_at,
            sum(l.remaining) as credits
        from open_lots as l
        where not l.is_frozen
            and l.expires_at is not null
        group by l.expires_at
        order by l.expires_at
        limit 1
    ),

    next_grant as (
        select
            s.next_grant_at,
            p.credits_per_month
        from public.subscriptions as s
        inner join public.plans as p on s.plan_name = p.plan_name
        where s.profile_id = (select auth.uid())
            and s.is_active
            and p.credits_per_month > 0
            and s.next_grant_at > now()
            and (s.next_grant_at < s.end_date or s.end_date is null)
            and not (s.cancel_at_period_end and s.next_grant_at >= s.current_period_end)
        order by s.next_grant_at
        limit 1
    )

    select
        coalesce((select sum(l.remaining) from open_lots as l where not l.is_frozen), 0)::bigint,
        coalesce((
            select sum(g.credit_cost)
            from public.generations as g
            where g.profile_id = (select auth.uid())
                and g.finished_at is null
        ), 0)::bigint,
        coalesce((select sum(l.remaining) from open_lots as l where l.is_frozen), 0)::bigint,
        coalesce((
            select p.debt
            from public.profiles as p
            where p.id = (select auth.uid())
        ), 0)::bigint,
        coalesce((select e.credits from expiring as e), 0)::bigint,
        (select e.expires_at from expiring as e),
        coalesce((select n.credits_per_month from next_grant as n), 0)::bigint,
        (select n.next_grant_at from next_grant as n);
$$;

comment on function public.my_credits() is
'What the signed-in person has: available, held for pictures under way, frozen, owed, what expires
next, and what the plan grants next.';
grant execute on function public.my_credits() to authenticated;
