-- Purpose: RPC my_credits: the balance, explained.
-- Touches: type public.credit_summary, function public.my_credits.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function; drop type public.credit_summary.

create type public.credit_summary as (
    available bigint,
    held bigint,
    expiring_soon bigint,
    expiring_at timestamptz
);

comment on type public.credit_summary is
'What a person has: available can be spent now; held is burned for pictures that are under way and
comes back if they fail; expiring_soon is the part of available that expires next, at expiring_at.';
grant usage on type public.credit_summary to authenticated;

create function public.my_credits()
returns public.credit_summary
language sql
stable
-- The caller's own rows are all that row level security shows here.
security invoker
set search_path = ''
as $$
    with spendable as (
        select
            l.remaining,
            l.expires_at,
            min(l.expires_at) over () as next_expires_at
        from public.credit_lots as l
        where l.profile_id = (select auth.uid())
            and l.exhausted_at is null
            and l.frozen_at is null
            and (l.expires_at is null or l.expires_at > now())
    ),

    under_way as (
        select g.credit_cost
        from public.generations as g
        where g.profile_id = (select auth.uid())
            and g.finished_at is null
    )

    select
        coalesce((select sum(s.remaining) from spendable as s), 0)::bigint,
        coalesce((select sum(u.credit_cost) from under_way as u), 0)::bigint,
        coalesce(
            (select sum(s.remaining) from spendable as s where s.expires_at = s.next_expires_at), 0
        )::bigint,
        (select min(s.expires_at) from spendable as s);
$$;

comment on function public.my_credits() is
'What the signed-in person has: available, held for pictures under way, and what expires next.';
grant execute on function public.my_credits() to authenticated;
