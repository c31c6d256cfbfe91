-- Purpose: photos that expire, and accounts whose erasure has to go on.
-- Touches: functions private.expire_user_images, private.resume_erasure.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function.

create function private.expire_user_images(max_images integer)
returns integer
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_image record;
    v_expired integer := 0;
begin
    for v_image in
        select
            i.profile_id,
            i.id
        from public.user_images as i
        where i.removed_at is null
            and i.expires_at <= now()
        order by i.expires_at
        limit expire_user_images.max_images
    loop
        -- Read without a lock, then locked one by one; again, since somebody may have removed it.
        perform
        from public.user_images as i
        where i.profile_id = v_image.profile_id
            and i.id = v_image.id
            and i.removed_at is null
        for update skip locked;

        if found then
            perform private.start_image_removal(v_image.profile_id, v_image.id, 'expired');
            v_expired := v_expired + 1;
        end if;
    end loop;

    return v_expired;
end;
$$;

comment on function private.expire_user_images(integer) is
'Removes user images whose time is over. Returns how many.';

create function private.resume_erasure()
returns integer
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_profile_id uuid;
begin
    -- One person a call: each is locked with all that is under way.
    select p.id into v_profile_id
    from public.profiles as p
    where p.deleted_at > now() - interval '3 days'
        and not exists (select from auth.users as u where u.id = p.id)
        and not exists (
            select
            from private.erasures as e
            where e.profile_id = p.id
                and e.restored_at is null
        )
    limit 1;

    if found then
        return (private.close_account(v_profile_id, 'auth') is not null)::integer;
    end if;

    -- An upload or a page that was under way may end after its account did: signed addresses for
    -- uploads live for hours, resumable uploads for a day.
    select e.profile_id into v_profile_id
    from private.erasures as e
    where e.finished_at > now() - interval '3 days'
        and e.restored_at is null
        and not private.erase_payload(e.profile_id) ? 'user_id'
    limit 1;

    if found then
        perform private.start_erasure(v_profile_id, 'auth');
        return 1;
    end if;

    return 0;
end;
$$;

comment on function private.resume_erasure() is
'Closes an account that Auth deleted while somebody held it, or erases again what turned up after an
erasure. Returns how many: at most one.';
