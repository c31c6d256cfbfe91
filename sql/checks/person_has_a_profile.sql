-- Every person of Auth has an open profile, or is being erased; every open profile its person.
-- Then: a person without a profile: sign-ups lost their trigger on auth.users, so restore it first,
-- then make the profile. A profile without its person: close it.
select
    u.id as user_id,
    p.id as profile_id
from auth.users as u
full join public.profiles as p on u.id = p.id
left join private.erasures as e on p.id = e.profile_id and e.restored_at is null
where
    p.id is null
    or (u.id is null and p.deleted_at is null)
    or (
        u.id is not null
        and p.deleted_at is not null
        and (e.id is null or e.finished_at is not null)
    )
order by 1, 2;
