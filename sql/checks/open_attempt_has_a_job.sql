-- Somebody follows every attempt at the provider that has not ended, also when nobody waits.
-- Then: find the prediction at the provider and stop it there; then end the attempt as abandoned.
-- Report the lost job as a bug.
select
    r.id as attempt_id,
    r.generation_id,
    r.status,
    r.provider_job_id
from private.generation_attempts as r
where
    r.finished_at is null
    and not exists (
        select
        from private.generation_jobs as j
        where
            j.profile_id = r.profile_id
            and (
                (j.generation_id = r.generation_id and r.duplicate_of is null)
                or (j.kind = 'cancel' and j.attempt_id = r.id)
            )
    )
order by r.id;
