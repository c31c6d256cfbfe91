-- A generation has burned its price; if it ended without a picture, all of that came back.
-- Then: see `thumbsmith generations show ID`; give back what is missing with `thumbsmith credits
-- grant PERSON N --key generation:ID`.
select
    g.id as generation_id,
    g.status,
    g.credit_cost,
    coalesce(-sum(e.amount) filter (where e.kind = 'spend'), 0) as spent,
    coalesce(sum(e.amount) filter (where e.kind = 'refund'), 0) as refunded
from public.generations as g
left join public.credit_entries as e on g.id = e.generation_id
group by g.id
having
    coalesce(-sum(e.amount) filter (where e.kind = 'spend'), 0) <> g.credit_cost
    or coalesce(sum(e.amount) filter (where e.kind = 'refund'), 0)
    <> case when g.status in ('failed', 'canceled', 'expired') then g.credit_cost else 0 end
order by g.id;
