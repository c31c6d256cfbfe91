-- A person has looked at everything from Stripe that no rule covers: thumbsmith stripe alarms.
-- Then: `thumbsmith stripe alarms` lists them and docs/stripe.md says what each means; deal with
-- it, then `thumbsmith stripe resolve ID --why … --yes`.
select
    a.id,
    a.object_id,
    a.slug,
    a.first_seen_at
from private.stripe_alarms as a
where a.resolved_at is null
order by a.id;
