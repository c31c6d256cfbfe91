-- Of an erased account nothing personal is left: no file, customer, login, work or prompt.
-- Then: delete what is left by hand (the file through the Storage API, never its row), and note it
-- in the audit log.
select
    e.profile_id,
    e.finished_at,
    private.erase_payload(e.profile_id) as left_to_delete
from private.erasures as e
where
    e.finished_at is not null
    and e.restored_at is null
    and (
        not private.erase_payload(e.profile_id) ? 'user_id'
        or exists (select from auth.users as u where u.id = e.profile_id)
        or exists (
            select
            from public.generations as g
            where
                g.profile_id = e.profile_id
                and (g.finished_at is null or g.prompt <> '')
        )
        or exists (
            select
            from public.user_images as i
            where
                i.profile_id = e.profile_id
                and i.deleted_at is null
        )
    )
order by e.id;
