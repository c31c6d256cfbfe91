-- A profile's credits equal the sum of its ledger.
-- Then: stop sidecars, compare `thumbsmith credits history PERSON` with the lots, restore the
-- profile's credits from the ledger in one reviewed transaction, and find who wrote past the
-- ledger.
select
    p.id as profile_id,
    p.credits,
    coalesce(sum(e.amount), 0) as entries
from public.profiles as p
left join public.credit_entries as e on p.id = e.profile_id
group by p.id
having p.credits <> coalesce(sum(e.amount), 0)
order by p.id;
