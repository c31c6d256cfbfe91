-- A policy is named <table>_<command>_<whose>, and is for named roles and one command.
select
    p.polrelid::regclass::text as object,
    p.polname as misnamed
from pg_policy as p
inner join pg_class as c on p.polrelid = c.oid
where
    c.relnamespace::regnamespace::text in ('public', 'private', 'storage', 'realtime')
    and (
        0 = any(p.polroles)
        or not starts_with(
            p.polname,
            format(
                '%s_%s_',
                c.relname,
                case p.polcmd
                    when 'r' then 'select' when 'a' then 'insert'
                    when 'w' then 'update' when 'd' then 'delete'
                end
            )
        )
    )
order by p.polrelid::regclass::text, p.polname;
