-- Purpose: what of a session or a reversal at Stripe is not in our rows.
-- Touches: functions private.session_difference, private.reversal_difference.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function.

create function private.session_difference(session jsonb)
returns text
language sql
stable
set search_path = ''
as $$
    select case
        when session_difference.session ->> 'mode' = 'payment'
            and session_difference.session ->> 'payment_status' in ('paid', 'no_payment_required')
            and session_difference.session ->> 'status' = 'complete'
            and not exists (
                select
                from public.payments as p
                where p.stripe_payment_id = session_difference.session ->> 'id'
            ) then 'payment_missing'
        when exists (
            select
            from public.checkouts as c
            where (
                    c.stripe_session_id = session_difference.session ->> 'id'
                    -- As private.adopt_session() would take it.
                    or (
                        c.stripe_session_id is null
                        and c.id::text = session_difference.session ->> 'client_reference_id'
                        and c.profile_id = private.profile_of_customer(
                            session_difference.session ->> 'customer'
                        )
                    )
                )
                and c.status <> case session_difference.session ->> 'status'
                    when 'expired' then 'expired'
                    when 'open' then c.status
                    else case
                        when session_difference.session ->> 'payment_status' <> 'unpaid'
                            or session_difference.session ->> 'mode' = 'subscription'
                            then 'completed'
                        -- No or not yet: only the session with its PaymentIntent tells.
                        when c.status = 'failed' then 'failed'
                        else 'pending'
                    end
                end
                and not (
                    session_difference.session ->> 'status' = 'expired' and c.status = 'failed'
                )
        ) then 'checkout_differs'
    end;
$$;

comment on function private.session_difference(jsonb) is
'What of a Checkout session is not in our rows; null when all is.';

create function private.reversal_difference(reversal jsonb, statuses text[])
returns text
language sql
stable
set search_path = ''
as $$
    select case
        when not exists (
            select
            from private.payment_reversals as r
            where r.reversal_key = reversal_difference.reversal ->> 'id'
                and r.amount = (reversal_difference.reversal ->> 'amount')::bigint
                and r.status = any(reversal_difference.statuses)
        ) then reversal_difference.reversal ->> 'object' || '_differs'
    end;
$$;

comment on function private.reversal_difference(jsonb, text[]) is
'Whether a refund or a dispute is in our rows with one of these statuses; null when it is.';
