-- Every person of Auth has an open profile, and every open profile its person.
select
    u.id as user_id,
    p.id as profile_id
from auth.users as u
full join public.profiles as p on u.id = p.id
where
    p.id is null
    or (u.id is null) <> (p.deleted_at is not null)
order by 1, 2;
