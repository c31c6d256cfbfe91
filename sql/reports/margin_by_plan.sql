-- What each plan, pack or gift paid for in the last days. US dollars.
select
    m.source,
    count(distinct m.generation_id) as pictures,
    count(distinct m.profile_id) as people,
    sum(m.credits) as credits,
    round(sum(m.revenue_micros) / 1e6, 4) as revenue,
    round(sum(m.cost_micros) / 1e6, 4) as cost,
    round((sum(m.revenue_micros) - sum(m.cost_micros)) / 1e6, 4) as margin
from private.generation_margins as m
where m.created_at >= now() - private.reported_period()
group by m.source
order by margin, m.source;
