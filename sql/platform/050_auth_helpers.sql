-- Purpose: auth.uid(), auth.role(), auth.email() and auth.jwt(), as PostgREST's requests see them.
-- Note:    they read both styles of claims: one setting per claim (older) and one JSON document.
--          Outside a request they give NULL. Owner as on hosted: supabase_auth_admin.

create or replace function auth.uid()
returns uuid
language sql
stable
as $$
    select coalesce(
        nullif(current_setting('request.jwt.claim.sub', true), ''),
        nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub'
    )::uuid
$$;

create or replace function auth.role()
returns text
language sql
stable
as $$
    select coalesce(
        nullif(current_setting('request.jwt.claim.role', true), ''),
        nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'role'
    )
$$;

create or replace function auth.email()
returns text
language sql
stable
as $$
    select coalesce(
        nullif(current_setting('request.jwt.claim.email', true), ''),
        nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'email'
    )
$$;

create or replace function auth.jwt()
returns jsonb
language sql
stable
as $$
    select coalesce(
        nullif(current_setting('request.jwt.claim', true), ''),
        nullif(current_setting('request.jwt.claims', true), '')
    )::jsonb
$$;

alter function auth.uid() owner to supabase_auth_admin;
alter function auth.role() owner to supabase_auth_admin;
alter function auth.email() owner to supabase_auth_admin;
alter function auth.jwt() owner to supabase_auth_admin;

grant execute on function auth.uid(), auth.role(), auth.email(), auth.jwt()
to postgres, dashboard_user;

comment on function auth.uid() is 'The signed-in user, from the claim sub; NULL without claims';
comment on function auth.role() is 'The role claim of the request''s token';
comment on function auth.email() is 'The e-mail claim of the request''s token';
comment on function auth.jwt() is 'All claims of the request''s token';
