-- Purpose: the answers to an erasure, step by step, and its end.
-- Touches: functions private.store_erasure_answer, private.apply_erased.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function.

create function private.store_erasure_answer(profile_id uuid, answer jsonb)
returns void
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_answer constant jsonb := store_erasure_answer.answer;
    v_checkout_id uuid;
    v_subscription_id text;
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
    where e.profile_id = store_erasure_answer.profile_id
        and e.restored_at is null;

    if v_answer ->> 'bucket' = 'faces' then
        update public.user_images as i
        set
            deleted_at = now(),
            deletion_answer = jsonb_build_object(
                'status', v_answer -> 'status', 'removed', jsonb_build_array(i.object_path)
            )
        where i.profile_id = store_erasure_answer.profile_id
            and i.deleted_at is null
            and i.removed_at is not null
            and v_answer -> 'removed' ? i.object_path;
    elsif v_answer ->> 'object' = 'checkout.session' then
        select c.id into v_checkout_id
        from public.checkouts as c
        where c.profile_id = store_erasure_answer.profile_id
            and c.stripe_session_id = v_answer ->> 'id';

        perform private.close_checkout(
            store_erasure_answer.profile_id, v_checkout_id, 'expired'
        );
    elsif v_answer ->> 'object' = 'customer' then
        update private.stripe_customers as c
        set deleted_at = now()
        where c.profile_id = store_erasure_answer.profile_id
            and c.customer_id = v_answer ->> 'id';

        -- The customer's subscriptions ended with the customer; an event may say so too.
        for v_subscription_id in
            select s.stripe_subscription_id
            from public.subscriptions as s
            where s.profile_id = store_erasure_answer.profile_id
                and s.status not in ('canceled', 'incomplete_expired')
                and s.stripe_subscription_id is not null
            order by s.stripe_subscription_id
        loop
            perform private.enqueue_fetch(v_subscription_id);
        end loop;
    end if;
end;
$$;

comment on function private.store_erasure_answer(uuid, jsonb) is
'Keeps an answer as proof, without names of files, and does what follows from it.';

create function private.apply_erased(job private.jobs, answer jsonb)
returns text
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_profile_id constant uuid := apply_erased.job.account_id;
begin
    perform private.store_erasure_answer(v_profile_id, apply_erased.answer);

    -- Nothing of what was asked for went: whatever the reason is, not at once again.
    if (
        apply_erased.answer -> 'removed' = '[]'
        and apply_erased.answer -> 'bucket' = private.erase_payload(v_profile_id) -> 'bucket'
    ) or (
        apply_erased.answer ? 'user_id'
        and exists (select from auth.users as u where u.id = v_profile_id)
    ) then
        perform private.retry_job(apply_erased.job.id, 'not_removed');
        return 'not_removed';
    end if;

    if not apply_erased.answer ? 'user_id'
        or not private.erase_payload(v_profile_id) ? 'user_id'
        or not private.anonymize_generations(v_profile_id, 10000)
    then
        perform private.continue_job(apply_erased.job.id, 'erase');
        return 'erasing';
    end if;

    perform private.anonymize_account(v_profile_id);

    update private.erasures as e
    set finished_at = now()
    where e.profile_id = v_profile_id
        and e.restored_at is null;

    perform private.finish_job(apply_erased.job.id);

    return 'erased';
end;
$$;

comment on function private.apply_erased(private.jobs, jsonb) is
'A part of an account is gone: the next one, or the end once the person is gone at Auth.';
