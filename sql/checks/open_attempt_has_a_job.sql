-- Somebody follows every attempt at the provider that has not ended, also when nobody waits.
-- Then: find the prediction at the provider and stop it there; then end the attempt as abandoned.
-- Report the lost job as a bug.
select
    r.id as run_id,
    r.generation_id,
    r.status,
    r.prediction_id
from private.generation_runs as r
where
    r.finished_at is null
    and not exists (
        select
        from private.outbox as o
        where
            (o.generation_id = r.generation_id and r.twin_of is null)
            or (o.kind = 'cancel' and o.run_id = r.id)
    )
order by r.id;
