-- A person has looked at everything from Stripe that no rule covers: thumbsmith stripe alarms.
select
    a.id,
    a.object_id,
    a.slug,
    a.first_seen_at
from private.stripe_alarms as a
where a.resolved_at is null
order by a.id;
