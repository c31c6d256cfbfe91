-- Every function says what it is for.
select p.oid::regprocedure::text as object
from pg_proc as p
where
    p.pronamespace in ('public'::regnamespace, 'private'::regnamespace)
    and obj_description(p.oid, 'pg_proc') is null
order by p.oid::regprocedure::text;
