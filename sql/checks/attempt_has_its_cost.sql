-- What the provider has finished has a cost; margins are wrong without it.
-- Then: read the prediction at the provider and set cost_micros of the attempt; if the model has no
-- price, set cost_per_second_micros of generation_models.
select
    r.id as run_id,
    r.generation_id,
    r.status,
    r.provider_status
from private.generation_runs as r
where
    r.provider_status in ('succeeded', 'failed', 'canceled', 'aborted')
    and r.cost_micros is null
order by r.id;
