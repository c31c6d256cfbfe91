-- Purpose: pages of Stripe whose time is over.
-- Touches: function private.close_stale_checkouts.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function.

create function private.close_stale_checkouts(max_checkouts integer)
returns integer
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_stale record;
    v_closed integer := 0;
begin
    for v_stale in
        select
            c.profile_id,
            c.id,
            c.stripe_session_id
        from public.checkouts as c
        where c.finished_at is null
            and c.status in ('requested', 'open')
            and c.expires_at <= now()
        order by c.created_at, c.id
        limit close_stale_checkouts.max_checkouts
    loop
        -- Read without a lock, then locked one by one; again, since it may have been seen to.
        perform
        from public.checkouts as c
        where c.profile_id = v_stale.profile_id
            and c.id = v_stale.id
            and c.finished_at is null
            and c.expires_at <= now()
        for no key update skip locked;

        continue when not found;

        -- Whether it was paid in its last minute is for Stripe to say.
        if v_stale.stripe_session_id is not null then
            perform private.enqueue_fetch(v_stale.stripe_session_id);

            update public.checkouts as c
            set expires_at = now() + interval '10 minutes'
            where c.profile_id = v_stale.profile_id
                and c.id = v_stale.id;
        else
            perform private.close_checkout(v_stale.profile_id, v_stale.id, 'expired');
        end if;
        v_closed := v_closed + 1;
    end loop;

    return v_closed;
end;
$$;

comment on function private.close_stale_checkouts(integer) is
'Looks at Checkout pages whose time is over, and closes those of the portal. Returns how many.';
