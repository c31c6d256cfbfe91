-- Purpose: the extensions that hosted projects have from the start, in the schema `extensions`.
-- Note:    uuid-ossp and supabase_vault are not part of a plain PostgreSQL: use gen_random_uuid();
--          070_vault.sql stands in for the vault.

create extension if not exists pgcrypto with schema extensions;
create extension if not exists pg_stat_statements with schema extensions;

do $$
begin
    if exists (select from pg_catalog.pg_available_extensions as e where e.name = 'uuid-ossp') then
        create extension if not exists "uuid-ossp" with schema extensions;
    end if;
end
$$;
