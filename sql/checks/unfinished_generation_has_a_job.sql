-- Somebody is to work on every generation that is not over.
-- Then: nothing is lost: at its deadline the credits go back. Report the lost job as a bug.
select
    g.id as generation_id,
    g.status,
    g.created_at
from public.generations as g
left join private.outbox as o on g.id = o.generation_id and o.dead_at is null
where
    g.finished_at is null
    and o.id is null
order by g.id;
