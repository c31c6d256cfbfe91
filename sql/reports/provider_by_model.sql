-- How each model did in the last days: attempts, their ends, seconds of work and cost (US dollars).
select
    a.model,
    count(*) as attempts,
    count(*) filter (where a.status = 'succeeded') as succeeded,
    count(*) filter (where a.status = 'failed') as failed,
    count(*) filter (where a.status = 'refused') as refused,
    count(*) filter (where a.status = 'canceled') as canceled,
    count(*) filter (
        where a.status = 'abandoned' or a.duplicate_of is not null
    ) as lost_or_duplicate,
    round(avg(a.predict_seconds), 2) as average_seconds,
    round(sum(a.cost_micros) / 1e6, 4) as cost
from private.generation_attempts as a
where a.created_at >= now() - private.reported_period()
group by a.model
order by cost desc nulls last, a.model;
