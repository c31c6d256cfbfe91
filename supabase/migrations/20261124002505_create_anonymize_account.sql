-- Purpose: what an erased account leaves behind.
-- Touches: functions private.anonymize_generations, private.anonymize_account.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function.

create function private.anonymize_generations(profile_id uuid, max_generations integer)
returns boolean
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_ids uuid[];
begin
    select array_agg(b.id) into v_ids
    from (
        select g.id
        from public.generations as g
        where g.profile_id = anonymize_generations.profile_id
            and g.prompt <> ''
        limit anonymize_generations.max_generations
    ) as b;

    update private.provider_webhooks as w
    set body = jsonb_build_object('id', w.body -> 'id')
    from private.generation_attempts as a
    where w.profile_id = anonymize_generations.profile_id
        and a.profile_id = w.profile_id
        and a.generation_id = any(v_ids)
        and w.attempt_token = a.attempt_token;

    update private.generation_attempts as a
    set
        output_url = null,
        provider_error = null
    where a.profile_id = anonymize_generations.profile_id
        and a.generation_id = any(v_ids);

    update public.generations as g
    set
        prompt = '',
        options = '{}'
    where g.profile_id = anonymize_generations.profile_id
        and g.id = any(v_ids);

    return coalesce(cardinality(v_ids), 0) < anonymize_generations.max_generations;
end;
$$;

comment on function private.anonymize_generations(uuid, integer) is
'Anonymizes generations: no prompt, no options, no answer of the provider; cost, times and status
stay. True when none is left.';

create function private.anonymize_account(profile_id uuid)
returns void
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_now constant timestamptz := now();
    v_job_id bigint;
begin
    for v_job_id in
        select j.id
        from private.jobs as j
        where j.profile_id = anonymize_account.profile_id
            and j.user_image_id is not null
        order by j.id
    loop
        perform private.finish_job(v_job_id);
    end loop;

    -- A file's name is the person's word; what the file was is told by the row's own id.
    update public.user_images as i
    set
        object_path = i.profile_id || '/' || i.id,
        deleted_at = coalesce(i.deleted_at, v_now),
        deletion_answer = coalesce(i.deletion_answer, '{}') || jsonb_build_object(
            'removed', case
                when i.deletion_answer -> 'removed' <> '[]'
                then ('["' || i.profile_id || '/' || i.id || '"]')::jsonb
                else '[]'
            end
        )
    where i.profile_id = anonymize_account.profile_id;

    -- The text that the person typed in place of a code.
    update public.referrals as r
    set code = ''
    where r.referred_id = anonymize_account.profile_id
        and r.status = 'rejected';

    delete from private.code_failures as f
    where f.profile_id = anonymize_account.profile_id;
end;
$$;

comment on function private.anonymize_account(uuid) is
'Anonymizes what else is personal in the rows of a person.';
