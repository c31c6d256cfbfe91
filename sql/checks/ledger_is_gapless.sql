-- A profile's entries count from 1 to entry_count, and each balance follows from the one before.
-- Then: never renumber. Compare with a backup of before the gap, and restore the missing entries in
-- one reviewed transaction.
with numbered as (
    select
        e.profile_id,
        e.entry_number,
        e.balance_after,
        row_number() over own as expected_number,
        sum(e.amount) over own as expected_balance,
        count(*) over (partition by e.profile_id) as entries
    from public.credit_entries as e
    window own as (partition by e.profile_id order by e.entry_number)
)

select
    p.id as profile_id,
    n.entry_number,
    n.balance_after,
    n.expected_balance
from public.profiles as p
left join numbered as n on p.id = n.profile_id
where
    n.entry_number <> n.expected_number
    or n.balance_after <> n.expected_balance
    or p.entry_count <> coalesce(n.entries, 0)
order by p.id, n.entry_number;
