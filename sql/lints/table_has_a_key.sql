-- Every table has a primary key (lint 0004).
select c.oid::regclass::text as object
from pg_class as c
where
    c.relnamespace in ('public'::regnamespace, 'private'::regnamespace)
    and c.relkind in ('r', 'p')
    and not exists (
        select from pg_constraint as k
        where k.conrelid = c.oid and k.contype = 'p'
    )
order by c.oid::regclass::text;
