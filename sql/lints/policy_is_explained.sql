-- Every policy says whom it lets see what.
select
    p.polrelid::regclass::text as object,
    p.polname as without_comment
from pg_policy as p
inner join pg_class as c on p.polrelid = c.oid
where
    c.relnamespace in ('public'::regnamespace, 'private'::regnamespace)
    and obj_description(p.oid, 'pg_policy') is null
order by p.polrelid::regclass::text, p.polname;
