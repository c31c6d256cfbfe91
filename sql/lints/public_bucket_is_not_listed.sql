-- Nobody can list a bucket whose files anybody can read (lint 0025).
select
    b.id as object,
    p.polname as lists_it
from storage.buckets as b
inner join pg_policy as p
    on p.polrelid = 'storage.objects'::regclass and p.polpermissive and p.polcmd in ('r', '*')
where
    b.public
    -- A policy that names other buckets, or the owner of a file, shows no list of this one.
    and pg_get_expr(p.polqual, p.polrelid) !~ 'auth\.uid\(\)'
    and (
        pg_get_expr(p.polqual, p.polrelid) !~ 'bucket_id'
        or pg_get_expr(p.polqual, p.polrelid) ~ format('''%s''', b.id)
    )
order by b.id, p.polname;
