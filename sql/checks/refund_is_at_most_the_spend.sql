-- No generation gave a lot back more than it had taken from it.
select
    e.generation_id,
    e.lot_id,
    sum(e.amount) as given_too_much
from public.credit_entries as e
where e.generation_id is not null
group by e.generation_id, e.lot_id
having sum(e.amount) > 0
order by e.generation_id, e.lot_id;
