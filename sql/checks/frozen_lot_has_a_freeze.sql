-- A lot is frozen exactly while somebody holds it.
-- Then: see the dispute at Stripe. A lot that nobody holds: `thumbsmith credits release PERSON
-- --lot LOT`; a freeze without effect: freeze again.
select
    l.id as lot_id,
    l.frozen_at,
    count(f.lot_id) as open_freezes
from public.credit_lots as l
left join private.credit_freezes as f on l.id = f.lot_id and f.released_at is null
group by l.id
having (l.frozen_at is not null) <> (count(f.lot_id) > 0)
order by l.id;
