-- Every account that was closed is erased within a day, and is being worked on until then.
-- Then: look at `thumbsmith jobs list --all` for the erase job and its last_error; mend that, then
-- `thumbsmith jobs retry JOB`.
select
    p.id as profile_id,
    p.deleted_at,
    e.asked_by,
    j.last_error
from public.profiles as p
left join private.erasures as e on p.id = e.profile_id and e.restored_at is null
left join private.jobs as j on p.id = j.account_id and j.dead_at is null
where
    p.deleted_at is not null
    and e.finished_at is null
    and (
        p.deleted_at < now() - interval '1 day'
        or e.id is null
        or j.id is null
    )
order by p.id;
