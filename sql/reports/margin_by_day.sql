-- Each of the last days (UTC): pictures, how many failed, revenue, cost and margin. US dollars.
select
    (m.created_at at time zone 'utc')::date as day,
    count(distinct m.generation_id) as pictures,
    count(distinct m.generation_id) filter (
        where m.status in ('failed', 'canceled', 'expired')
    ) as without_picture,
    sum(m.credits) as credits,
    round(sum(m.revenue_micros) / 1e6, 4) as revenue,
    round(sum(m.cost_micros) / 1e6, 4) as cost,
    round((sum(m.revenue_micros) - sum(m.cost_micros)) / 1e6, 4) as margin
from private.generation_margins as m
where m.created_at >= now() - private.reported_period()
group by (m.created_at at time zone 'utc')::date
order by day desc;
