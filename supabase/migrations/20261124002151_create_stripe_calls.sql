-- Purpose: which call of Stripe's API another job means, word by word.
-- Touches: functions private.fetch_call, private.reconcile_calls, private.stripe_call.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function.

create function private.fetch_call(kind text, object_id text)
returns jsonb
language sql
immutable
set search_path = ''
as $$
    select case
        when fetch_call.kind = 'find_invoice' then jsonb_build_object(
            'call', 'invoice_payments.list',
            'params', jsonb_build_object(
                'payment', jsonb_build_object(
                    'type', 'payment_intent', 'payment_intent', fetch_call.object_id
                )
            )
        )
        when fetch_call.kind = 'find_session' then jsonb_build_object(
            'call', 'checkout.sessions.list',
            'params', jsonb_build_object('payment_intent', fetch_call.object_id)
        )
        when fetch_call.object_id ~ '^(ch|py)_' then jsonb_build_object(
            'call', 'refunds.list',
            'params', jsonb_build_object('charge', fetch_call.object_id, 'limit', 100)
        )
        else jsonb_build_object(
            'call', case substring(fetch_call.object_id from '^[a-z]+')
                when 'cs' then 'checkout.sessions.retrieve'
                when 'in' then 'invoices.retrieve'
                when 'sub' then 'subscriptions.retrieve'
                when 're' then 'refunds.retrieve'
                when 'pyr' then 'refunds.retrieve'
                else 'disputes.retrieve'
            end,
            'id', fetch_call.object_id,
            'params', case substring(fetch_call.object_id from '^[a-z]+')
                when 'cs' then '{"expand": ["line_items", "payment_intent"]}'::jsonb
                when 'in' then '{"expand": ["payments"]}'::jsonb
                else '{}'::jsonb
            end
        )
    end;
$$;

comment on function private.fetch_call(text, text) is
'The call that reads an object, or what it belongs to.';

create function private.reconcile_calls(since timestamptz)
returns table (place integer, call text, params jsonb)
language sql
immutable
set search_path = ''
as $$
    select
        l.place,
        l.call,
        l.params
        -- Subscriptions are compared whatever their age.
        || case
            when l.call = 'subscriptions.list' then '{}'::jsonb
            else jsonb_build_object('created', jsonb_build_object(
                'gte', floor(extract(epoch from reconcile_calls.since))::bigint
            ))
        end
    from (
        values
        (1, 'events.list', '{"delivery_success": false, "limit": 100}'::jsonb),
        (2, 'checkout.sessions.list', '{"limit": 100}'),
        (3, 'subscriptions.list', '{"status": "all", "limit": 100}'),
        (4, 'invoices.list', '{"status": "paid", "limit": 100}'),
        (5, 'refunds.list', '{"limit": 100}'),
        (6, 'disputes.list', '{"limit": 100}')
    ) as l (place, call, params);
$$;

comment on function private.reconcile_calls(timestamptz) is
'The lists of Stripe that are compared with our rows, in this order, from the given time on; each is
read page by page with starting_after.';

create function private.stripe_call(job private.outbox)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
declare
    v_call constant jsonb := case (stripe_call.job).kind
        when 'customer' then private.checkout_call(stripe_call.job)
        when 'checkout' then private.checkout_call(stripe_call.job)
        when 'reconcile' then private.reconcile_call()
        else private.fetch_call((stripe_call.job).kind, (stripe_call.job).stripe_object_id)
    end;
begin
    -- Its price or its customer is gone since: a call that nobody knows is refused for good.
    return jsonb_build_object('id', null, 'idempotency_key', null)
        || coalesce(v_call, '{"call": "none"}');
end;
$$;

comment on function private.stripe_call(private.outbox) is
'What the sidecar is to ask Stripe for this job: {"call", "id", "params", "idempotency_key"}.';
