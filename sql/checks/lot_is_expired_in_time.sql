-- No credits stay in the balance long after their time: a sweep would have taken them out.
-- Then: the sweep does not run: start a sidecar, or see why `select private.sweep()` fails.
select
    l.id as lot_id,
    l.profile_id,
    l.remaining,
    l.expires_at
from public.credit_lots as l
where
    l.exhausted_at is null
    and l.frozen_at is null
    and l.expires_at < now() - interval '1 hour'
order by l.expires_at;
