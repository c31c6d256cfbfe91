-- Purpose: the sidecar reports what it deleted, or could not delete.
-- Touches: functions private.record_face_removed, private.record_removed, private.fail_removal.
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

    perform private.finish_job(record_face_removed.job.id);

    return 'removed';
end;
$$;

comment on function private.record_face_removed(private.outbox, jsonb) is
'The photo''s file is gone, and the answer is the proof; or it is there all the same, whatever
Storage said: then again.';

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
