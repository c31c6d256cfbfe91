-- The object of every event of Stripe is fetched soon, or somebody is about to fetch it.
-- Then: see that a sidecar with STRIPE_SECRET_KEY runs, and its last_error in `thumbsmith jobs
-- list`; `thumbsmith stripe replay EVENT --yes` fetches it again.
select
    e.event_id,
    e.event_type,
    e.object_id,
    e.received_at
from private.stripe_events as e
left join private.jobs as j on e.object_id = j.stripe_object_id and j.dead_at is null
where
    e.applied_at is null
    and e.received_at < now() - interval '5 minutes'
    and j.id is null
order by e.received_at;
