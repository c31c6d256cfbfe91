-- No generation is under way long after its deadline: a sweep would have given the credits back.
-- Then: start a sidecar or run `select private.sweep()`; the credits go back with the next sweep.
-- If they do not, see `thumbsmith generations show ID`.
select
    g.id as generation_id,
    g.status,
    g.deadline_at
from public.generations as g
where
    g.finished_at is null
    and g.deadline_at < now() - interval '5 minutes'
order by g.deadline_at;
