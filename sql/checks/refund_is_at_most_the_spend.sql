-- No generation gave a lot back more than it had taken from it.
-- Then: list the entries of the generation; revoke what came back too much, and report how it
-- happened as a bug.
select
    e.generation_id,
    e.lot_id,
    sum(e.amount) as given_too_much
from public.credit_entries as e
where e.generation_id is not null
group by e.generation_id, e.lot_id
having sum(e.amount) > 0
order by e.generation_id, e.lot_id;
