-- Every foreign key has an index: else to delete a row reads the whole other table (lint 0001).
select
    k.conrelid::regclass::text as object,
    k.conname as without_index
from pg_constraint as k
where
    k.connamespace in ('public'::regnamespace, 'private'::regnamespace)
    and k.contype = 'f'
    and not exists (
        select from pg_index as i
        where
            i.indrelid = k.conrelid
            and i.indisvalid
            and k.conkey <@ (i.indkey::smallint[])[0:cardinality(k.conkey) - 1]
    )
order by k.conrelid::regclass::text, k.conname;
