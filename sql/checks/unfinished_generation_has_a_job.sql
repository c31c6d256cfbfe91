-- Somebody is to work on every generation that is not over.
-- Then: nothing is lost: at its deadline the credits go back. Report the lost job as a bug.
select
    g.id as generation_id,
    g.status,
    g.created_at
from public.generations as g
left join private.generation_jobs as j
    on g.profile_id = j.profile_id and g.id = j.generation_id and j.dead_at is null
where
    g.finished_at is null
    and j.id is null
order by g.id;
