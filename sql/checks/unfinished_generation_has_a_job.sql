-- Somebody is to work on every generation that is not over.
-- Then: nothing is lost: at its deadline the credits go back. Report the lost job as a bug.
select
    g.id as generation_id,
    g.status,
    g.created_at
from public.generations as g
left join private.jobs as j on g.id = j.generation_id and j.dead_at is null
where
    g.finished_at is null
    and j.id is null
order by g.id;
