-- No job was given up. A dead cancel is an orphan at the provider: look, then delete the row.
-- Then: see last_error in `thumbsmith jobs list`; mend its cause and `thumbsmith jobs retry JOB`,
-- or `thumbsmith jobs drop JOB`. A dead cancel is an orphan at the provider: stop it there first.
select
    j.id as job_id,
    j.kind,
    j.generation_id,
    j.last_error,
    j.dead_at
from private.all_jobs as j
where j.dead_at is not null
order by j.id;
