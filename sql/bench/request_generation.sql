-- A request for a picture in one round trip: the claims of a signed-in person, then the call.
-- The prompt comes out of the first part, so set_config() runs before the function reads the claims.
\set person random(:first, :last)
with claimed as materialized (
    select
        set_config(
            'request.jwt.claims',
            '{"role": "authenticated", "sub": "' || bench.person_id(:person) || '"}',
            true
        ) as claims,
        'a cat on a rocket above the clouds, wide open eyes, bold yellow headline' as prompt
)

select
    g.id,
    g.status
from claimed as c
cross join lateral public.request_generation(
    generation_type => 'thumbnail',
    prompt => c.prompt,
    idempotency_key => gen_random_uuid()
) as g;
