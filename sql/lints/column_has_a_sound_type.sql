-- Columns keep what is put in: no floats, no instants without a zone, no lengths of text.
select
    c.oid::regclass::text as object,
    a.attname as in_column,
    format_type(a.atttypid, a.atttypmod) as unsound
from pg_class as c
inner join pg_attribute as a on c.oid = a.attrelid and a.attnum > 0 and not a.attisdropped
where
    c.relnamespace in ('public'::regnamespace, 'private'::regnamespace)
    and c.relkind in ('r', 'p')
    and a.atttypid in (
        'real'::regtype,
        'double precision'::regtype,
        'money'::regtype,
        'timestamp without time zone'::regtype,
        'time with time zone'::regtype,
        'character varying'::regtype,
        'character'::regtype,
        'json'::regtype
    )
order by c.oid::regclass::text, a.attname;
