-- Purpose: RPC add_user_image: records an uploaded user image.
-- Touches: functions private.add_user_image, public.add_user_image.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function.

create function private.add_user_image(object_path text)
returns public.user_images
language plpgsql
volatile
-- security definer because only rules may write: the caller holds no grant on this table
security definer
set search_path = ''
as $$
declare
    -- The lock makes the count below hold, and lets a repeat see the first call's row.
    v_profile_id constant uuid := private.lock_caller();
    v_settings private.settings;
    v_image public.user_images;
begin
    -- owner_id, not the path alone: the object must have been uploaded by this person.
    if not exists (
        select
        from storage.objects as o
        where o.bucket_id = 'faces'
            and o.name = add_user_image.object_path
            and o.owner_id = v_profile_id::text
            and starts_with(o.name, v_profile_id::text || '/')
    ) then
        raise sqlstate 'PT404' using
            message = 'object_not_found',
            detail = 'There is no such object of yours in the bucket faces.',
            hint = 'Upload the photo to <your user id>/<file name> first.';
    end if;

    select i.* into v_image
    from public.user_images as i
    where i.profile_id = v_profile_id
        and i.object_path = add_user_image.object_path
        and i.removed_at is null;

    if found then
        return v_image;
    end if;

    -- Or the deletion that is under way would take the new photo with it.
    if exists (
        select
        from public.user_images as i
        where i.profile_id = v_profile_id
            and i.object_path = add_user_image.object_path
            and i.deleted_at is null
    ) then
        raise sqlstate 'PT409' using
            message = 'user_image_being_removed',
            detail = 'A photo of this name is being removed.',
            hint = 'Upload the photo under another name.';
    end if;

    select s.* into v_settings
    from private.settings as s;

    if (
        select count(*)
        from public.user_images as i
        where i.profile_id = v_profile_id
            and i.removed_at is null
    ) >= v_settings.max_user_images then
        raise sqlstate 'PT409' using
            message = 'user_image_limit_reached',
            detail = format('At most %s face photos are kept.', v_settings.max_user_images),
            hint = 'Remove one first.';
    end if;

    insert into public.user_images (profile_id, object_path, expires_at)
    values (
        v_profile_id, add_user_image.object_path, now() + v_settings.user_image_retention
    )
    returning * into v_image;

    return v_image;
end;
$$;

comment on function private.add_user_image(text) is 'The rule behind public.add_user_image.';
grant execute on function private.add_user_image(text) to authenticated;

create function public.add_user_image(object_path text)
returns public.user_images
language sql
volatile
security invoker
set search_path = ''
as $$
    select private.add_user_image(add_user_image.object_path);
$$;

comment on function public.add_user_image(text) is
'Record a face photo that was uploaded to the bucket faces, and consent to its use.

For the person who uploaded it. The same path gives the same row again. Refuses with PT404
object_not_found; PT409 user_image_limit_reached, user_image_being_removed.';
grant execute on function public.add_user_image(text) to authenticated;
