-- No generation is under way long after its deadline: a sweep would have given the credits back.
select
    g.id as generation_id,
    g.status,
    g.deadline_at
from public.generations as g
where
    g.finished_at is null
    and g.deadline_at < now() - interval '5 minutes'
order by g.deadline_at;
