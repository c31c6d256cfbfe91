-- Each picture of the last days: what it brought in, what it cost, what is left. US dollars.
select
    m.generation_id,
    m.created_at,
    m.generation_type,
    m.status,
    string_agg(distinct m.source, ', ') as paid_by,
    sum(m.credits) as credits,
    round(sum(m.revenue_micros) / 1e6, 4) as revenue,
    round(sum(m.cost_micros) / 1e6, 4) as cost,
    round((sum(m.revenue_micros) - sum(m.cost_micros)) / 1e6, 4) as margin
from private.generation_margins as m
where m.created_at >= now() - private.reported_period()
group by m.generation_id, m.created_at, m.generation_type, m.status
order by m.generation_id desc;
