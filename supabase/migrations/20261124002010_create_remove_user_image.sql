-- Purpose: RPC remove_user_image, and the rule by which a photo goes.
-- Touches: functions private.start_image_removal, private.remove_user_image,
--          public.remove_user_image.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function.

-- The photo's row is locked after its person's profile and before its job is written.

create function private.start_image_removal(
    profile_id uuid,
    user_image_id uuid,
    reason text
)
returns public.user_images
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_image public.user_images;
begin
    update public.user_images as i
    set
        removed_at = now(),
        removal_reason = start_image_removal.reason
    where i.profile_id = start_image_removal.profile_id
        and i.id = start_image_removal.user_image_id
        and i.removed_at is null;

    if found then
        insert into private.jobs (kind, user_image_id, profile_id)
        values (
            'remove_user_image', start_image_removal.user_image_id,
            start_image_removal.profile_id
        );
    end if;

    select i.* into v_image
    from public.user_images as i
    where i.profile_id = start_image_removal.profile_id
        and i.id = start_image_removal.user_image_id;

    return v_image;
end;
$$;

comment on function private.start_image_removal(uuid, uuid, text) is
'Takes a photo out of use, once, and has its file deleted.';

create function private.remove_user_image(id uuid)
returns public.user_images
language plpgsql
volatile
-- security definer because only rules may write: the caller holds no grant on any of these tables
security definer
set search_path = ''
as $$
declare
    v_profile_id constant uuid := private.lock_caller();
    v_image public.user_images;
begin
    if not exists (
        select
        from public.user_images as i
        where i.id = remove_user_image.id
            and i.profile_id = v_profile_id
    ) then
        raise sqlstate 'PT404' using
            message = 'user_image_not_found',
            detail = 'There is no such face photo.',
            hint = 'Use the id of one of your own user_images.';
    end if;

    v_image := private.start_image_removal(v_profile_id, remove_user_image.id, 'asked');
    perform private.wake_worker();
    return v_image;
end;
$$;

comment on function private.remove_user_image(uuid) is 'The rule behind public.remove_user_image.';
grant execute on function private.remove_user_image(uuid) to authenticated;

create function public.remove_user_image(id uuid)
returns public.user_images
language sql
volatile
security invoker
set search_path = ''
as $$
    select private.remove_user_image(remove_user_image.id);
$$;

comment on function public.remove_user_image(uuid) is
'Withdraw a face photo: it is not used from now on, and its file is deleted.

For the person whose photo it is. removed_at is set at once; deleted_at, with the answer of the
Storage API in deletion_answer, once the file is gone. Removing twice gives the same answer. A
thumbnail that waits for the photo fails with face_missing and its credits come back. Refuses with
PT404 user_image_not_found.';
grant execute on function public.remove_user_image(uuid) to authenticated;
