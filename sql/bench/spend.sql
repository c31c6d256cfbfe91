-- The ledger alone: a generation that is over already, and the credits it burns.
\set person random(:first, :last)
with made as (
    insert into public.generations (
        profile_id, generation_type, status, prompt, credit_cost, output_path, idempotency_key,
        deadline_at, finished_at
    )
    values (
        bench.person_id(:person), 'thumbnail', 'succeeded', 'a cat on a rocket', 10, 'bench.png',
        gen_random_uuid(), now(), now()
    )
    returning id, profile_id, credit_cost
)

select private.spend_credits(m.profile_id, m.credit_cost, m.id)
from made as m;
