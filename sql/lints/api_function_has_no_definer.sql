-- Functions in an exposed schema act with the rights of their caller (lints 0028 and 0029).
select
    p.oid::regprocedure::text as object,
    r.rolname as may_execute
from pg_proc as p
inner join pg_roles as r
    on r.rolname in ('anon', 'authenticated') and has_function_privilege(r.oid, p.oid, 'execute')
where
    p.pronamespace = 'public'::regnamespace
    and p.prosecdef
order by p.oid::regprocedure::text, r.rolname;
