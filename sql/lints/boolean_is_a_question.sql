-- A boolean column reads as a question, by is_ or has_, or has the name that Stripe gives it.
select
    c.oid::regclass::text as object,
    a.attname as boolean_column
from pg_class as c
inner join pg_attribute as a on c.oid = a.attrelid and a.attnum > 0 and not a.attisdropped
where
    c.relnamespace in ('public'::regnamespace, 'private'::regnamespace)
    and c.relkind in ('r', 'p', 'v', 'm')
    and a.atttypid = 'boolean'::regtype
    and a.attname !~ '(^|_)(is|has)_'
    -- As Stripe has it; and the key of the one row of settings.
    and a.attname not in ('cancel_at_period_end', 'stripe_livemode')
    and (c.oid::regclass::text, a.attname) <> ('private.settings', 'id')
order by c.oid::regclass::text, a.attname;
