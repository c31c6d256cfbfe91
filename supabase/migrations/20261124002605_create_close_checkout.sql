-- Purpose: whose session of Stripe it is, and how its page ends.
-- Touches: functions private.profile_of_customer, private.close_checkout, private.adopt_session.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function.

create function private.profile_of_customer(customer_id text)
returns uuid
language sql
stable
set search_path = ''
as $$
    select c.profile_id
    from private.stripe_customers as c
    where c.customer_id = profile_of_customer.customer_id;
$$;

comment on function private.profile_of_customer(text) is
'Whose customer at Stripe this is; null when nobody''s.';

create function private.close_checkout(
    profile_id uuid,
    checkout_id uuid,
    status text,
    error text default null
)
returns void
language sql
volatile
set search_path = ''
as $$
    update public.checkouts as c
    set
        status = close_checkout.status,
        error = close_checkout.error,
        url = null,
        finished_at = now()
    where c.profile_id = close_checkout.profile_id
        and c.id = close_checkout.checkout_id
        and (
            c.finished_at is null
            -- A page that was given up may have been paid all the same.
            or (close_checkout.status = 'completed' and c.status <> 'completed')
        );
$$;

comment on function private.close_checkout(uuid, uuid, text, text) is
'Moves a checkout to its final status: completed wins over all others.';

create function private.adopt_session(session jsonb)
returns public.checkouts
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_profile_id constant uuid := private.profile_of_customer(
        adopt_session.session ->> 'customer'
    );
    v_checkout public.checkouts;
begin
    -- This finds the person too: a session names only a customer, who may be unknown here.
    select c.* into v_checkout
    from public.checkouts as c
    where c.stripe_session_id = adopt_session.session ->> 'id';

    if found then
        return v_checkout;
    end if;

    -- By our own id as well: the answer to the call that made it may have been lost.
    update public.checkouts as c
    set stripe_session_id = adopt_session.session ->> 'id'
    where c.profile_id = v_profile_id
        and c.id::text = adopt_session.session ->> 'client_reference_id'
        and c.stripe_session_id is null
    returning c.* into v_checkout;

    return v_checkout;
end;
$$;

comment on function private.adopt_session(jsonb) is
'The checkout that a session belongs to, or null: somebody made it at Stripe.';
