-- What was taken back of a lot, and what is still owed for it, follow from the ledger.
-- Then: list the entries of the lot; set clawed_back and owed to what they say in one reviewed
-- transaction, and find who wrote past the ledger.
with moves as (
    select
        coalesce(e.debt_lot_id, e.lot_id) as lot_id,
        sum(e.debt - e.amount) as clawed_back,
        sum(e.debt) as owed
    from public.credit_entries as e
    where e.kind in ('claw_back', 'repay', 'reinstate')
    group by coalesce(e.debt_lot_id, e.lot_id)
)

select
    l.id as lot_id,
    l.clawed_back,
    l.owed,
    coalesce(m.clawed_back, 0) as entries_clawed_back,
    coalesce(m.owed, 0) as entries_owed
from public.credit_lots as l
left join moves as m on l.id = m.lot_id
where
    l.clawed_back <> coalesce(m.clawed_back, 0)
    or l.owed <> coalesce(m.owed, 0)
order by l.id;
