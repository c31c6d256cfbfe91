-- A profile's credits equal what is left in its lots.
-- Then: compare `thumbsmith credits history PERSON` with the lots; the ledger decides. Correct the
-- lot in one reviewed transaction, and find who wrote past the ledger.
select
    p.id as profile_id,
    p.credits,
    coalesce(sum(l.remaining), 0) as lots
from public.profiles as p
left join public.credit_lots as l on p.id = l.profile_id
group by p.id
having p.credits <> coalesce(sum(l.remaining), 0)
order by p.id;
