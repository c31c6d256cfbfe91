-- Each person's pictures of the last days: who costs more than they bring in comes first. US dollars.
select
    m.profile_id,
    count(distinct m.generation_id) as pictures,
    string_agg(distinct m.source, ', ') as paid_by,
    sum(m.credits) as credits,
    round(sum(m.revenue_micros) / 1e6, 4) as revenue,
    round(sum(m.cost_micros) / 1e6, 4) as cost,
    round((sum(m.revenue_micros) - sum(m.cost_micros)) / 1e6, 4) as margin
from private.generation_margins as m
where m.created_at >= now() - private.reported_period()
group by m.profile_id
order by margin, m.profile_id;
