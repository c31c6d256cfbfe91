-- An instant is named after what happened then (created_at), or says from when to when.
select
    c.oid::regclass::text as object,
    a.attname as misnamed
from pg_class as c
inner join pg_attribute as a on c.oid = a.attrelid and a.attnum > 0 and not a.attisdropped
where
    c.relnamespace in ('public'::regnamespace, 'private'::regnamespace)
    and c.relkind in ('r', 'p')
    and a.atttypid = 'timestamp with time zone'::regtype
    and a.attname !~ '(_at|_since|_until|_start|_end)$'
    -- As Stripe has them; and from which instant on a comparison looks.
    and a.attname not in ('start_date', 'end_date', 'since')
order by c.oid::regclass::text, a.attname;
