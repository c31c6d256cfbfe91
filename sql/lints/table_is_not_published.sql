-- Realtime follows no table of ours: it applies no policy to a deleted row. We broadcast instead.
select
    format('%I.%I', p.schemaname, p.tablename) as object,
    p.pubname as published_by
from pg_publication_tables as p
where p.schemaname in ('public', 'private')
order by p.schemaname, p.tablename, p.pubname;
