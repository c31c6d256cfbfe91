-- Purpose: RPC export_my_data: all that is kept about a person, as JSON.
-- Touches: function public.export_my_data.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function.

create function public.export_my_data()
returns jsonb
language plpgsql
stable
-- The caller's own rows are all that row level security shows here.
security invoker
set search_path = ''
as $$
declare
    v_profile_id constant uuid := private.signed_in_profile();
    v_tables jsonb := '{}'::jsonb;
    v_table record;
    v_rows jsonb;
begin
    -- Every table whose rows belong to somebody, also one that is added later.
    for v_table in
        select c.oid::regclass as name, c.relname as key
        from pg_catalog.pg_class as c
        inner join pg_catalog.pg_attribute as a on c.oid = a.attrelid
        where c.relnamespace = 'public'::regnamespace
            and c.relkind in ('r', 'p')
            and not c.relispartition
            and a.attname = 'profile_id'
            and not a.attisdropped
            and has_table_privilege(c.oid, 'select')
        order by c.relname
    loop
        execute format(
            -- The key of a grant may hold the id of a friend.
            'select coalesce(jsonb_agg(to_jsonb(t) - ''grant_key''), ''[]'')
            from %s as t where t.profile_id = $1',
            v_table.name
        )
        into v_rows
        using v_profile_id;

        v_tables := v_tables || jsonb_build_object(v_table.key, v_rows);
    end loop;

    return v_tables || private.export_private_rows() || jsonb_build_object(
        'exported_at', now(),
        'account', jsonb_build_object(
            'id', v_profile_id,
            'email', auth.jwt() -> 'email',
            'phone', auth.jwt() -> 'phone',
            'user_metadata', auth.jwt() -> 'user_metadata'
        ),
        'profiles', (
            -- Who brought them is somebody else.
            select jsonb_agg(to_jsonb(p) - 'referred_by')
            from public.profiles as p
            where p.id = v_profile_id
        ),
        'referrals', (
            select coalesce(
                jsonb_agg(
                    -- Each side of a referral is told its own part.
                    to_jsonb(r) - 'referred_id' - 'referrer_id'
                    - case when r.referred_id = v_profile_id then '' else 'payment_id' end
                    || jsonb_build_object(
                        'side',
                        case when r.referred_id = v_profile_id then 'referred' else 'referrer' end
                    )
                    order by r.id
                ),
                '[]'
            )
            from public.referrals as r
            where v_profile_id in (r.referred_id, r.referrer_id)
        ),
        'files', (
            select coalesce(
                jsonb_agg(
                    jsonb_build_object(
                        'bucket', o.bucket_id,
                        'name', o.name,
                        'created_at', o.created_at,
                        'metadata', o.metadata
                    )
                    order by o.bucket_id, o.name
                ),
                '[]'
            )
            from storage.objects as o
            where o.bucket_id in ('faces', 'thumbnails')
                and starts_with(o.name, v_profile_id::text || '/')
        )
    );
end;
$$;

comment on function public.export_my_data() is
'All that is kept about the signed-in person, as one JSON object.

One key per table, each a list of rows; account: the address, as the token shows it; files: what
lies in Storage, to be downloaded there. Returns {"exported_at": string, "account": {[key: string]:
Json}, [table: string]: Json}. Of a referral each side gets its own part.';
grant execute on function public.export_my_data() to authenticated;
