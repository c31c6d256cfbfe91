-- A request for a picture as PostgREST makes it: four messages, the role of a signed-in person, the
-- arguments as JSON and the answer as JSON.
\set person random(:first, :last)
begin isolation level read committed read write;
select
    set_config('search_path', '"public", "extensions"', true),
    set_config('role', 'authenticated', true),
    set_config(
        'request.jwt.claims',
        '{"role": "authenticated", "sub": "' || bench.person_id(:person) || '"}',
        true
    ),
    set_config('request.method', 'POST', true),
    set_config('request.path', '/rpc/request_generation', true),
    set_config('request.headers', '{"content-type": "application/json"}', true),
    set_config('request.cookies', '{}', true);
with payload as (
    select
        json_build_object(
            'generation_type', 'thumbnail',
            'prompt', 'a cat on a rocket above the clouds, wide open eyes, bold yellow headline',
            'idempotency_key', gen_random_uuid()
        ) as content
)

select
    coalesce(json_agg(g) -> 0, 'null') as body,
    nullif(current_setting('response.headers', true), '') as response_headers,
    nullif(current_setting('response.status', true), '') as response_status
from payload as p
cross join lateral json_to_record(p.content) as a (
    generation_type text,
    prompt text,
    idempotency_key uuid
)
cross join lateral public.request_generation(
    generation_type => a.generation_type,
    prompt => a.prompt,
    idempotency_key => a.idempotency_key
) as g;
commit;
