-- No job was given up. A dead cancel is an orphan run at the provider: look, then delete the row.
-- Then: see last_error in `thumbsmith jobs list`; mend its cause and `thumbsmith jobs retry JOB`,
-- or `thumbsmith jobs drop JOB`. A dead cancel is an orphan at the provider: stop it there first.
select
    o.id as job_id,
    o.kind,
    o.generation_id,
    o.last_error,
    o.dead_at
from private.outbox as o
where o.dead_at is not null
order by o.id;
