-- Every user image that was removed is deleted from Storage within a day, and is being worked on.
-- Then: look at `thumbsmith jobs list --all` for the remove_user_image job and its last_error; mend
-- that, then `thumbsmith jobs retry JOB`.
select
    i.id as user_image_id,
    i.removed_at,
    i.removal_reason
from public.user_images as i
left join private.jobs as j on i.id = j.user_image_id and j.dead_at is null
left join private.jobs as e on i.profile_id = e.account_id and e.dead_at is null
where
    i.removed_at is not null
    and i.deleted_at is null
    and (
        i.removed_at < now() - interval '1 day'
        or coalesce(j.id, e.id) is null
    )
order by i.id;
