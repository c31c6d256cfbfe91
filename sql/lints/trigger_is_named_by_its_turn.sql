-- A trigger is named by its turn (_100_ stamps, _500_ rules, _900_ tells), its function by tg_.
select
    t.tgrelid::regclass::text as object,
    t.tgname as misnamed,
    t.tgfoid::regprocedure::text as calls
from pg_trigger as t
inner join pg_class as c on t.tgrelid = c.oid
inner join pg_proc as p on t.tgfoid = p.oid
where
    not t.tgisinternal
    and (
        c.relnamespace in ('public'::regnamespace, 'private'::regnamespace)
        or p.pronamespace in ('public'::regnamespace, 'private'::regnamespace)
    )
    and (
        -- On a table of the platform with our name before it, since others have triggers there.
        t.tgname !~ '^(thumbsmith)?_(100|500|900)_'
        or p.proname !~ '^tg_'
    )
order by t.tgrelid::regclass::text, t.tgname;
