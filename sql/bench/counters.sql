-- What the server has counted so far, without noise: WAL, and how many updates were HOT.
select
    w.wal_records::bigint,
    w.wal_fpi::bigint,
    w.wal_bytes::bigint,
    p.n_tup_upd as profile_updates,
    p.n_tup_hot_upd as profile_hot_updates,
    l.n_tup_upd as lot_updates,
    l.n_tup_hot_upd as lot_hot_updates
from pg_catalog.pg_stat_wal as w
cross join pg_catalog.pg_stat_user_tables as p
cross join pg_catalog.pg_stat_user_tables as l
where p.relid = 'public.profiles'::regclass
    and l.relid = 'public.credit_lots'::regclass;
