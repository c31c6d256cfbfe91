-- Purpose: the sidecar reports what it deleted, or could not delete.
-- Touches: functions private.apply_user_image_removed, private.report_removed,
--          private.fail_removal.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function.

create function private.apply_user_image_removed(job private.jobs, answer jsonb)
returns text
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_object_path text;
begin
    select i.object_path into v_object_path
    from public.user_images as i
    where i.profile_id = apply_user_image_removed.job.profile_id
        and i.id = apply_user_image_removed.job.user_image_id;

    if exists (
        select
        from storage.objects as o
        where o.bucket_id = 'faces'
            and o.name = v_object_path
    ) then
        perform private.retry_job(apply_user_image_removed.job.id, 'not_removed');
        return 'not_removed';
    end if;

    update public.user_images as i
    set
        deleted_at = now(),
        deletion_answer = apply_user_image_removed.answer
    where i.profile_id = apply_user_image_removed.job.profile_id
        and i.id = apply_user_image_removed.job.user_image_id
        and i.deleted_at is null;

    perform private.finish_job(apply_user_image_removed.job.id);

    return 'removed';
end;
$$;

comment on function private.apply_user_image_removed(private.jobs, jsonb) is
'The photo''s file is gone, and the answer is the proof; or it is there all the same, whatever
Storage said: then again.';

create function private.report_removed(
    profile_id uuid,
    job_id bigint,
    lease_token uuid,
    answer jsonb
)
returns text
language plpgsql
volatile
-- security definer because the sidecar's role holds no table
security definer
set search_path = ''
as $$
declare
    v_job private.jobs := private.lock_reported_job(
        report_removed.profile_id, report_removed.job_id, report_removed.lease_token
    );
begin
    if v_job.id is null then
        return 'stale';
    end if;

    return case v_job.kind
        when 'remove_user_image' then private.apply_user_image_removed(v_job, report_removed.answer)
        else private.apply_erased(v_job, report_removed.answer)
    end;
end;
$$;

comment on function private.report_removed(uuid, bigint, uuid, jsonb) is
'What Storage, Stripe or Auth answered to a deletion: {"bucket", "status", "removed"},
{"user_id", "status"}, or the object of Stripe. Returns the outcome, or stale.';
grant execute on function private.report_removed(uuid, bigint, uuid, jsonb) to thumbsmith_sidecar;

create function private.fail_removal(job private.jobs, slug text, is_permanent boolean)
returns void
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_call constant text := private.erase_payload(fail_removal.job.account_id) ->> 'call';
begin
    -- The object is gone already, or the page is over: nothing is left to delete.
    if (fail_removal.slug = 'stripe_missing' and v_call is not null)
        or (fail_removal.slug = 'stripe_refused' and v_call = 'checkout.sessions.expire')
    then
        perform private.apply_erased(
            fail_removal.job,
            jsonb_build_object(
                'object', case v_call
                    when 'customers.delete' then 'customer'
                    else 'checkout.session'
                end,
                'id', private.erase_payload(fail_removal.job.account_id) -> 'id',
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

comment on function private.fail_removal(private.jobs, text, boolean) is
'A deletion did not work out. Nobody may be forgotten about: tried again for as long as it takes; a
dead letter only when the same call would be refused for ever.';
