-- No job was given up. A dead cancel is an orphan run at the provider: look, then delete the row.
select
    o.id as job_id,
    o.kind,
    o.generation_id,
    o.last_error,
    o.dead_at
from private.outbox as o
where o.dead_at is not null
order by o.id;
