-- Somebody is to make every page of Stripe that was asked for.
-- Then: the person waits for a page. Ask them to press the button again with a new key, and report
-- the lost job as a bug.
select
    c.id as checkout_id,
    c.item_kind,
    c.created_at
from public.checkouts as c
left join private.jobs as j on c.id = j.checkout_id and j.dead_at is null
where
    c.status = 'requested'
    and j.id is null
order by c.id;
