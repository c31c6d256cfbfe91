-- A generation without a price was covered by a plan, and counts if it made a picture.
-- Then: see `thumbsmith generations show ID`. A picture nobody paid for: add its plan use, or
-- revoke its price; a failed one: delete the plan use.
select
    g.id as generation_id,
    g.credit_cost,
    g.status,
    u.subscription_id,
    u.returned_at
from public.generations as g
full join public.plan_uses as u on g.id = u.generation_id
where
    (g.credit_cost = 0) <> (u.generation_id is not null)
    or (
        u.generation_id is not null
        and (u.returned_at is not null) <> (g.status in ('failed', 'canceled', 'expired'))
    )
order by g.id;
