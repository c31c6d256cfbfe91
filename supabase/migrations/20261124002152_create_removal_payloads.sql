-- Purpose: which call deletes a photo, or the next part of an account.
-- Touches: functions private.files_of, private.user_image_payload, private.erase_payload.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function.

create function private.files_of(profile_id uuid, bucket_id text)
returns text[]
language sql
stable
set search_path = ''
as $$
    -- A range, for an index on (bucket_id, name): "/" and the character after it.
    select array_agg(f.name order by f.name)
    from (
        select o.name
        from storage.objects as o
        where o.bucket_id = files_of.bucket_id
            and o.name collate "C" >= files_of.profile_id || '/'
            and o.name collate "C" < files_of.profile_id || '0'
        order by o.name collate "C"
        -- The Storage API deletes a thousand at most in one call.
        limit 500
    ) as f;
$$;

comment on function private.files_of(uuid, text) is
'Names of files in a person''s folder of a bucket, recorded by us or not: a page of them; null when
there are none.';

create function private.user_image_payload(profile_id uuid, user_image_id uuid)
returns jsonb
language sql
stable
set search_path = ''
as $$
    select jsonb_build_object(
        'target', 'storage',
        'bucket', 'faces',
        'names', jsonb_build_array(i.object_path)
    )
    from public.user_images as i
    where i.profile_id = user_image_payload.profile_id
        and i.id = user_image_payload.user_image_id;
$$;

comment on function private.user_image_payload(uuid, uuid) is 'The file that the sidecar deletes.';

create function private.erase_payload(profile_id uuid)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
declare
    v_bucket_id text;
    v_names text[];
    v_stripe_id text;
begin
    foreach v_bucket_id in array array['faces', 'thumbnails'] loop
        v_names := private.files_of(erase_payload.profile_id, v_bucket_id);
        if v_names is not null then
            return jsonb_build_object(
                'target', 'storage', 'bucket', v_bucket_id, 'names', v_names
            );
        end if;
    end loop;

    select c.stripe_session_id into v_stripe_id
    from public.checkouts as c
    where c.profile_id = erase_payload.profile_id
        and c.status = 'open'
        and c.stripe_session_id is not null
    order by c.id
    limit 1;

    if found then
        return jsonb_build_object(
            'target', 'stripe', 'call', 'checkout.sessions.expire', 'id', v_stripe_id
        );
    end if;

    -- Stripe ends a customer's subscriptions with it.
    select c.customer_id into v_stripe_id
    from private.stripe_customers as c
    where c.profile_id = erase_payload.profile_id
        and c.deleted_at is null
    order by c.created_at, c.customer_id
    limit 1;

    if found then
        return jsonb_build_object(
            'target', 'stripe', 'call', 'customers.delete', 'id', v_stripe_id
        );
    end if;

    -- Last: as long as something is left the account can still be found.
    return jsonb_build_object('target', 'auth', 'user_id', erase_payload.profile_id);
end;
$$;

comment on function private.erase_payload(uuid) is
'What is to be deleted next of a closed account, and by whom (target: storage, stripe or auth), by
what there still is: files, pages and customers at Stripe, and last the person at Auth. So a step
that was lost is simply done again.';
