-- Every lot was granted by exactly one entry, of its full amount, to its owner.
-- Then: compare the lot with its entry of kind grant; the ledger decides. Find who wrote past the
-- ledger.
select
    l.id as lot_id,
    l.grant_key,
    count(e.lot_id) as grants
from public.credit_lots as l
left join public.credit_entries as e
    on
        l.id = e.lot_id
        and l.profile_id = e.profile_id
        and l.amount = e.amount
        and e.kind = 'grant'
group by l.id
having count(e.lot_id) <> 1
order by l.id;
