-- Purpose: who may touch the tables of Storage. Run after Storage's own schema.
-- Note:    every API role has ALL on buckets and objects: only row level security protects files.
--          Storage's schema itself refuses DELETE by SQL, which would leave the bytes behind,
--          unless storage.allow_delete_query is set.

grant all on storage.buckets, storage.objects to anon, authenticated, service_role, dashboard_user;
grant all on storage.buckets, storage.objects to postgres with grant option;

alter table storage.buckets enable row level security;
alter table storage.objects enable row level security;
