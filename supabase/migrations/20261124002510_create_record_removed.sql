-- Purpose: how the sidecar reports what it deleted.
-- Touches: functions private.record_face_removed, private.note_erasure, private.record_erased,
--          private.record_removed, private.fail_removal.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function.

create function private.record_face_removed(job private.outbox, answer jsonb)
returns text
language plpgsql
volatile
set search_path = ''
as $$
begin
    if exists (
        select
        from public.user_images as i
        inner join storage.objects as o on o.bucket_id = 'faces' and i.object_path = o.name
        where i.id = record_face_removed.job.user_image_id
    ) then
        perform private.retry_job(record_face_removed.job.id, 'not_removed');
        return 'not_removed';
    end if;

    update public.user_images as i
    set
        deleted_at = now(),
        deletion_answer = record_face_removed.answer
    where i.id = record_face_removed.job.user_image_id
        and i.deleted_at is null;

    perform private.end_job(record_face_removed.job.id);

    return 'removed';
end;
$$;

comment on function private.record_face_removed(private.outbox, jsonb) is
'The photo''s file is gone, and the answer is the proof; or it is there all the same, whatever
Storage said: then again.';

create function private.note_erasure(profile_id uuid, answer jsonb)
returns void
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_answer constant jsonb := note_erasure.answer;
begin
    update private.erasures as e
    set answers = e.answers || jsonb_strip_nulls(jsonb_build_object(
        'at', now(),
        'bucket', v_answer -> 'bucket',
        'removed', jsonb_array_length(v_answer -> 'removed'),
        'user_id', v_answer -> 'user_id',
        'object', v_answer -> 'object',
        'id', v_answer -> 'id',
        'deleted', v_answer -> 'deleted',
        'error', v_answer -> 'error',
        'status', v_answer -> 'status'
    ))
    where e.profile_id = note_erasure.profile_id
        and e.restored_at is null;

    if v_answer ->> 'bucket' = 'faces' then
        update public.user_images as i
        set
            deleted_at = now(),
            deletion_answer = jsonb_build_object(
                'status', v_answer -> 'status', 'removed', jsonb_build_array(i.object_path)
            )
        where i.profile_id = note_erasure.profile_id
            and i.deleted_at is null
            and i.removed_at is not null
            and v_answer -> 'removed' ? i.object_path;
    elsif v_answer ->> 'object' = 'checkout.session' then
        perform private.close_checkout(c.id, 'expired')
        from public.checkouts as c
        where c.profile_id = note_erasure.profile_id
            and c.stripe_session_id = v_answer ->> 'id';
    elsif v_answer ->> 'object' = 'customer' then
        update private.stripe_customers as c
        set deleted_at = now()
        where c.profile_id = note_erasure.profile_id
            and c.customer_id = v_answer ->> 'id';

        -- Its subscriptions ended with it; an event says so too, if none is lost.
        perform private.want_stripe_object(s.stripe_subscription_id)
        from (
            select s.stripe_subscription_id
            from public.subscriptions as s
            where s.profile_id = note_erasure.profile_id
                and s.status not in ('canceled', 'incomplete_expired')
                and s.stripe_subscription_id is not null
            order by s.stripe_subscription_id
        ) as s;
    end if;
end;
$$;

comment on function private.note_erasure(uuid, jsonb) is
'Keeps an answer as proof, without names of files, and does what follows from it.';

create function private.record_erased(job private.outbox, answer jsonb)
returns text
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_profile_id constant uuid := record_erased.job.profile_id;
begin
    perform private.note_erasure(v_profile_id, record_erased.answer);

    -- Nothing of what was asked for went: whatever the reason is, not at once again.
    if (
        record_erased.answer -> 'removed' = '[]'
        and record_erased.answer -> 'bucket' = private.erase_payload(v_profile_id) -> 'bucket'
    ) or (
        record_erased.answer ? 'user_id'
        and exists (select from auth.users as u where u.id = v_profile_id)
    ) then
        perform private.retry_job(record_erased.job.id, 'not_removed');
        return 'not_removed';
    end if;

    if not record_erased.answer ? 'user_id'
        or not private.erase_payload(v_profile_id) ? 'user_id'
        or not private.blank_generations(v_profile_id, 10000)
    then
        perform private.continue_job(record_erased.job.id, 'erase');
        return 'erasing';
    end if;

    perform private.blank_account(v_profile_id);

    update private.erasures as e
    set finished_at = now()
    where e.profile_id = v_profile_id
        and e.restored_at is null;

    perform private.end_job(record_erased.job.id);

    return 'erased';
end;
$$;

comment on function private.record_erased(private.outbox, jsonb) is
'A part of an account is gone: the next one, or the end once the person is gone at Auth.';

create function private.record_removed(job_id bigint, lease_token uuid, answer jsonb)
returns text
language plpgsql
volatile
-- security definer because the sidecar's role holds no table
security definer
set search_path = ''
as $$
declare
    v_job private.outbox := private.held_job(record_removed.job_id, record_removed.lease_token);
begin
    if v_job.id is null then
        return 'stale';
    end if;

    return case v_job.kind
        when 'remove_face' then private.record_face_removed(v_job, record_removed.answer)
        else private.record_erased(v_job, record_removed.answer)
    end;
end;
$$;

comment on function private.record_removed(bigint, uuid, jsonb) is
'What Storage, Stripe or Auth answered to a deletion: {"bucket", "status", "removed"},
{"user_id", "status"}, or the object of Stripe. A word on what came of it, or stale.';
grant execute on function private.record_removed(bigint, uuid, jsonb) to thumbsmith_sidecar;

create function private.fail_removal(job private.outbox, slug text, is_permanent boolean)
returns void
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_call constant text := private.erase_payload(fail_removal.job.profile_id) ->> 'call';
begin
    -- Gone before, or a page that is over: just as well.
    if (fail_removal.slug = 'stripe_missing' and v_call is not null)
        or (fail_removal.slug = 'stripe_refused' and v_call = 'checkout.sessions.expire')
    then
        perform private.record_erased(
            fail_removal.job,
            jsonb_build_object(
                'object', case v_call
                    when 'customers.delete' then 'customer'
                    else 'checkout.session'
                end,
                'id', private.erase_payload(fail_removal.job.profile_id) -> 'id',
                'error', fail_removal.slug
            )
        );
    elsif fail_removal.is_permanent then
        perform private.bury_job(fail_removal.job.id, fail_removal.slug);
    else
        perform private.retry_job(fail_removal.job.id, fail_removal.slug);
    end if;
end;
$$;

comment on function private.fail_removal(private.outbox, text, boolean) is
'A deletion did not work out. Nobody may be forgotten about: tried again for as long as it takes; a
dead letter only when the same call would be refused for ever.';
