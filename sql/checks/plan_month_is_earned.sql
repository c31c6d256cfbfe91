-- All months of a subscription together gave what they earned, rounded down once.
-- Then: list the months of the subscription beside its invoices at Stripe; replay the event of the
-- one that differs.
select
    m.subscription_id,
    sum(m.earned) as earned,
    sum(m.granted) as granted
from private.subscription_months as m
group by m.subscription_id
having floor(sum(m.earned) + 0.000001) <> sum(m.granted)
order by m.subscription_id;
