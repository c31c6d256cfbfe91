-- What is written survives a crash, but for who is idle: then nobody is, until they say so again.
select c.oid::regclass::text as object
from pg_class as c
where
    c.relnamespace in ('public'::regnamespace, 'private'::regnamespace)
    and c.relkind in ('r', 'p', 'S')
    and c.relpersistence = 'u'
    and c.oid <> 'private.idle_workers'::regclass
order by c.oid::regclass::text;
