-- Purpose: RPC start_portal: ask for the page where a person manages what they pay for.
-- Touches: functions private.start_portal_for, private.start_portal, public.start_portal.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function.

create function private.start_portal_for(profile_id uuid, idempotency_key uuid)
returns public.checkouts
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_profile_id constant uuid := start_portal_for.profile_id;
    v_checkout public.checkouts;
begin
    perform private.lock_person(v_profile_id);
    v_checkout := private.find_checkout(
        v_profile_id, start_portal_for.idempotency_key, 'portal', null, 1
    );

    if v_checkout.id is not null then
        return v_checkout;
    end if;

    if not exists (
        select
        from private.stripe_customers as c
        where c.profile_id = v_profile_id
            and c.is_current
    ) then
        raise sqlstate 'PT404' using
            message = 'nothing_bought',
            detail = 'Nothing was bought yet, so there is nothing to manage.',
            hint = 'Buy something with start_checkout first.';
    end if;

    return private.open_checkout(
        v_profile_id, 'portal', null, 1, null, start_portal_for.idempotency_key
    );
end;
$$;

comment on function private.start_portal_for(uuid, uuid) is
'The rule behind public.start_portal, for this person.';

create function private.start_portal(idempotency_key uuid)
returns public.checkouts
language plpgsql
volatile
-- security definer because only rules may write: the caller holds no grant on any of these tables
security definer
set search_path = ''
as $$
begin
    return private.start_portal_for(
        auth.uid(),
        start_portal.idempotency_key
    );
end;
$$;

comment on function private.start_portal(uuid) is 'public.start_portal for whoever calls.';
grant execute on function private.start_portal(uuid) to authenticated;

create function public.start_portal(idempotency_key uuid)
returns public.checkouts
language sql
volatile
security invoker
set search_path = ''
as $$
    select private.start_portal(start_portal.idempotency_key);
$$;

comment on function public.start_portal(uuid) is
'Ask for the page where a person manages subscriptions, cards and invoices.

For signed-in people who have bought something. Returns the checkout: its url is there once status
is open, and works for a few minutes. The same idempotency_key returns the same one. Refuses with
PT404 nothing_bought; PT409 idempotency_conflict; 429 too_many_checkouts, with Retry-After.';
grant execute on function public.start_portal(uuid) to authenticated;
