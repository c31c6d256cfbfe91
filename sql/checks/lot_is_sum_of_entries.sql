-- What is left in a lot equals the sum of the entries that name it.
-- Then: compare the lot with its entries in `thumbsmith credits history PERSON`; the ledger
-- decides. Correct remaining in one reviewed transaction.
select
    l.id as lot_id,
    l.profile_id,
    l.remaining,
    coalesce(sum(e.amount), 0) as entries
from public.credit_lots as l
left join public.credit_entries as e on l.id = e.lot_id
group by l.id
having l.remaining <> coalesce(sum(e.amount), 0)
order by l.id;
