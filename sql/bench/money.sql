-- Whether money is where it should be: for everybody, balance = sum of entries = sum of lots >= 0.
with entries as (
    select
        e.profile_id,
        count(*) as entries,
        sum(e.amount) as credits
    from public.credit_entries as e
    group by e.profile_id
),

lots as (
    select
        l.profile_id,
        sum(l.remaining) as credits,
        min(l.remaining) as least
    from public.credit_lots as l
    group by l.profile_id
)

select
    count(*) as profiles,
    coalesce(sum(e.entries), 0)::bigint as entries,
    coalesce(sum(p.credits), 0)::bigint as credits,
    count(*) filter (
        where p.credits <> coalesce(e.credits, 0)
        or p.credits <> coalesce(l.credits, 0)
        or p.entry_count <> coalesce(e.entries, 0)
        or p.credits < 0
        or l.least < 0
    ) as wrong
from public.profiles as p
left join entries as e on p.id = e.profile_id
left join lots as l on p.id = l.profile_id;
