-- No user image is kept past its expiry: the sweep removes it within the hour.
-- Then: the sweep does not run, or its job is dead: see `thumbsmith jobs list` and whether a
-- sidecar or the cron job runs.
select
    i.id as user_image_id,
    i.expires_at
from public.user_images as i
where
    i.removed_at is null
    and i.expires_at < now() - interval '1 hour'
order by i.id;
