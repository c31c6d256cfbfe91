-- The balance, read as PostgREST reads it: under row level security, as a signed-in person.
\set person random(:first, :last)
begin isolation level read committed read only;
select
    set_config('search_path', '"public", "extensions"', true),
    set_config('role', 'authenticated', true),
    set_config(
        'request.jwt.claims',
        '{"role": "authenticated", "sub": "' || bench.person_id(:person) || '"}',
        true
    ),
    set_config('request.method', 'GET', true),
    set_config('request.path', '/rpc/my_credits', true),
    set_config('request.headers', '{}', true),
    set_config('request.cookies', '{}', true);
select coalesce(json_agg(m) -> 0, 'null') as body
from public.my_credits() as m;
commit;
