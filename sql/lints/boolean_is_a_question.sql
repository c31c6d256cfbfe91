-- A boolean column or argument reads as a question, by is_ or has_, or is named as at Stripe.
select
    c.oid::regclass::text as object,
    a.attname as boolean_name
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
union all
select
    p.oid::regprocedure::text as object,
    a.name as boolean_name
from pg_proc as p
cross join
    lateral unnest(p.proargnames, coalesce(p.proallargtypes, p.proargtypes::oid[]))
        as a (name, type)
where
    p.pronamespace in ('public'::regnamespace, 'private'::regnamespace)
    and a.type = 'boolean'::regtype
    and a.name !~ '(^|_)(is|has)_'
    -- What a client asks for.
    and a.name <> 'pay_with_credits'
order by object, boolean_name;
