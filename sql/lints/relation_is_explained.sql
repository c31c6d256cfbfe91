-- Every table, view and type says what it holds.
select
    c.oid::regclass::text as object,
    'relation' as kind
from pg_class as c
where
    c.relnamespace in ('public'::regnamespace, 'private'::regnamespace)
    and c.relkind in ('r', 'p', 'v', 'm', 'f')
    and obj_description(c.oid, 'pg_class') is null
union all
select
    t.oid::regtype::text as object,
    'type' as kind
from pg_type as t
where
    t.typnamespace in ('public'::regnamespace, 'private'::regnamespace)
    and (
        t.typtype in ('d', 'e', 'r')
        or t.typtype = 'c' and (select c.relkind from pg_class as c where c.oid = t.typrelid) = 'c'
    )
    and obj_description(t.oid, 'pg_type') is null
order by object;
