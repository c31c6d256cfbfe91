-- What the provider has finished has a cost; margins are wrong without it.
-- Then: read the prediction at the provider and set cost_micros of the attempt; if the model has no
-- price, set cost_per_second_micros of generation_models.
select
    a.id as attempt_id,
    a.generation_id,
    a.status,
    a.provider_status
from private.generation_attempts as a
where
    a.provider_status in ('succeeded', 'failed', 'canceled', 'aborted')
    and a.cost_micros is null
order by a.id;
