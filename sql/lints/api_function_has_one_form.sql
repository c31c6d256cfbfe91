-- A function that a browser calls has one form: PostgREST cannot choose between two (PGRST203).
select
    format('public.%I', p.proname) as object,
    count(*) as forms
from pg_proc as p
where p.pronamespace = 'public'::regnamespace
group by p.proname
having count(*) > 1
order by p.proname;
