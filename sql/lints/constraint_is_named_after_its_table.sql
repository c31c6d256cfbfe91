-- A constraint bears the name of its table, so that an error says where it is.
select
    k.conrelid::regclass::text as object,
    k.conname as misnamed
from pg_constraint as k
inner join pg_class as c on k.conrelid = c.oid
where
    k.connamespace in ('public'::regnamespace, 'private'::regnamespace)
    and (
        not starts_with(k.conname, c.relname || '_')
        and k.contype <> 't'
        -- What PostgreSQL makes up: a check without a name gets its column, and a number.
        or k.contype = 'c' and k.conname ~ '_check\d*$'
    )
order by k.conrelid::regclass::text, k.conname;
