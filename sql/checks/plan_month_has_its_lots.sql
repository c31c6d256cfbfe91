-- What was granted for a month of a plan is what its lots were given.
-- Then: compare the month with its lots; grant what is missing with the month's key, or revoke what
-- is too much.
select
    m.subscription_id,
    m.month_key,
    m.granted,
    coalesce(sum(l.amount), 0) as lots
from private.subscription_months as m
left join public.credit_lots as l
    on l.grant_key in (
        format('subscription:%s:%s:proration', m.subscription_id, m.month_key),
        format('subscription:%s:%s:carried', m.subscription_id, m.month_key)
    )
group by m.subscription_id, m.month_key
having m.granted <> coalesce(sum(l.amount), 0)
order by m.subscription_id, m.month_key;
