-- How each model did in the last days: attempts, their ends, seconds of work and cost (US dollars).
select
    r.model,
    count(*) as attempts,
    count(*) filter (where r.status = 'succeeded') as succeeded,
    count(*) filter (where r.status = 'failed') as failed,
    count(*) filter (where r.status = 'refused') as refused,
    count(*) filter (where r.status = 'canceled') as canceled,
    count(*) filter (where r.status = 'abandoned' or r.twin_of is not null) as lost_or_twin,
    round(avg(r.predict_seconds), 2) as average_seconds,
    round(sum(r.cost_micros) / 1e6, 4) as cost
from private.generation_runs as r
where r.created_at >= now() - private.report_period()
group by r.model
order by cost desc nulls last, r.model;
