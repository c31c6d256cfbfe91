-- A column says what its type does not: a number's unit, a document's shape, a status's words.
select
    c.oid::regclass::text as object,
    a.attname as in_column
from pg_class as c
inner join pg_attribute as a on c.oid = a.attrelid and a.attnum > 0 and not a.attisdropped
inner join pg_type as t on a.atttypid = t.oid
where
    c.relnamespace in ('public'::regnamespace, 'private'::regnamespace)
    and c.relkind in ('r', 'p')
    and col_description(c.oid, a.attnum) is null
    -- Numbers, intervals, lists and documents; text only where clients read it.
    and (
        t.typcategory in ('N', 'T', 'A', 'R', 'U')
        or (t.typcategory = 'S' and c.relnamespace = 'public'::regnamespace)
    )
    and a.atttypid <> 'uuid'::regtype
    -- A key is explained by the table it is the key of.
    and not exists (
        select from pg_constraint as k
        where k.conrelid = c.oid and k.contype in ('p', 'f') and a.attnum = any(k.conkey)
    )
order by c.oid::regclass::text, a.attnum;
