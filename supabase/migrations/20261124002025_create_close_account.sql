-- Purpose: an account is closed, with all that it has under way.
-- Touches: functions private.end_pages, private.close_account.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function.

create function private.end_pages(profile_id uuid)
returns void
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_job_id bigint;
    v_checkout_id uuid;
begin
    -- A customer that Stripe may be making now is waited for, or nobody would know its id.
    for v_job_id in
        select j.id
        from private.jobs as j
        where j.profile_id = end_pages.profile_id
            and j.checkout_id is not null
            and not (j.kind = 'customer' and (j.lease_token is not null or j.tries > 0))
        order by j.id
        for update
    loop
        perform private.finish_job(v_job_id);
    end loop;

    -- Those that are open at Stripe are ended there first.
    for v_checkout_id in
        select c.id
        from public.checkouts as c
        where c.profile_id = end_pages.profile_id
            and c.finished_at is null
            and c.stripe_session_id is null
            and not exists (
                select
                from private.jobs as j
                where j.checkout_id = c.id
            )
        order by c.id
    loop
        perform private.close_checkout(end_pages.profile_id, v_checkout_id, 'expired');
    end loop;
end;
$$;

comment on function private.end_pages(uuid) is
'Ends the pages of Stripe that a person has asked for and that are not open there.';

create function private.close_account(profile_id uuid, asked_by text)
returns timestamptz
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_now constant timestamptz := now();
    v_deleted_at timestamptz;
    v_running record;
begin
    perform private.lock_with_work(close_account.profile_id);

    if exists (
        select
        from private.erasures as e
        inner join public.profiles as p on e.profile_id = p.id
        where e.profile_id = close_account.profile_id
            and e.restored_at is null
            and p.deleted_at is not null
    ) then
        return null;
    end if;

    update public.profiles as p
    set deleted_at = coalesce(p.deleted_at, v_now)
    where p.id = close_account.profile_id
    returning p.deleted_at into v_deleted_at;

    if not found then
        return null;
    end if;

    for v_running in
        select
            g.id,
            g.status = 'storing' as is_storing
        from public.generations as g
        where g.profile_id = close_account.profile_id
            and g.finished_at is null
        order by g.id
    loop
        -- What is being stored cannot be canceled any more.
        perform private.finish_generation(
            close_account.profile_id,
            v_running.id,
            case when v_running.is_storing then 'failed' else 'canceled' end,
            case when v_running.is_storing then 'account_deleted' end
        );
        perform private.release_work(close_account.profile_id, v_running.id);
    end loop;

    -- The files of an erased account go with the whole folder.
    update public.user_images as i
    set
        removed_at = now(),
        removal_reason = 'account'
    where i.profile_id = close_account.profile_id
        and i.removed_at is null;

    perform private.end_pages(close_account.profile_id);
    perform private.start_erasure(close_account.profile_id, close_account.asked_by);
    return v_deleted_at;
end;
$$;

comment on function private.close_account(uuid, text) is
'Closes an account and has it erased: thumbnails under way end with their credits back, photos are
not used any more, pages of Stripe end. Returns since when it is closed; null when it was before, or
there is none.';
