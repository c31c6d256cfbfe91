-- An index bears the name of its table, and says whether it is a key.
select
    i.indrelid::regclass::text as object,
    c.relname as misnamed
from pg_index as i
inner join pg_class as c on i.indexrelid = c.oid
inner join pg_class as t on i.indrelid = t.oid
where
    c.relnamespace in ('public'::regnamespace, 'private'::regnamespace)
    and not (
        starts_with(c.relname, t.relname || '_')
        and case
            when i.indisprimary then c.relname ~ '_pkey$'
            when i.indisexclusion then c.relname ~ '_excl$'
            when i.indisunique then c.relname ~ '_key$'
            else c.relname ~ '_idx$'
        end
    )
order by i.indrelid::regclass::text, c.relname;
