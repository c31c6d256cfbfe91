-- Purpose: what an erased account leaves behind.
-- Touches: functions private.blank_generations, private.blank_account.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function.

create function private.blank_generations(profile_id uuid, max_generations integer)
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
        where g.profile_id = blank_generations.profile_id
            and g.prompt <> ''
        limit blank_generations.max_generations
    ) as b;

    update private.replicate_webhooks as w
    set body = jsonb_build_object('id', w.body -> 'id')
    from private.generation_runs as r
    where r.generation_id = any(v_ids)
        and w.attempt_token = r.attempt_token;

    update private.generation_runs as r
    set
        output_url = null,
        provider_error = null
    where r.generation_id = any(v_ids);

    update public.generations as g
    set
        prompt = '',
        options = '{}'
    where g.id = any(v_ids);

    return coalesce(cardinality(v_ids), 0) < blank_generations.max_generations;
end;
$$;

comment on function private.blank_generations(uuid, integer) is
'Blanks what a person asked for and what the provider said to it; cost, times and status stay. True
when none is left.';

create function private.blank_account(profile_id uuid)
returns void
language plpgsql
volatile
set search_path = ''
as $$
begin
    perform private.finish_job(o.id)
    from private.outbox as o
    inner join public.user_images as i on o.user_image_id = i.id
    where i.profile_id = blank_account.profile_id;

    -- A file's name is the person's word; what the file was is told by the row's own id.
    update public.user_images as i
    set
        object_path = i.profile_id || '/' || i.id,
        deleted_at = coalesce(i.deleted_at, now()),
        deletion_answer = coalesce(i.deletion_answer, '{}') || jsonb_build_object(
            'removed', case
                when i.deletion_answer -> 'removed' <> '[]'
                then jsonb_build_array(i.profile_id || '/' || i.id)
                else '[]'
            end
        )
    where i.profile_id = blank_account.profile_id;

    -- What they typed in instead of a code.
    update public.referrals as r
    set code = ''
    where r.referred_id = blank_account.profile_id
        and r.status = 'rejected';

    delete from private.code_failures as f
    where f.profile_id = blank_account.profile_id;
end;
$$;

comment on function private.blank_account(uuid) is
'Blanks what else is personal in the rows of a person.';
