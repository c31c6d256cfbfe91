-- Purpose: what an invoice of Stripe means: a payment, and periods of a plan.
-- Touches: functions private.apply_invoice_payment, private.apply_invoice.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function.

create function private.apply_invoice_payment(invoice jsonb, subscription public.subscriptions)
returns uuid
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_payment_id constant uuid := private.apply_payment(
        (apply_invoice_payment.subscription).profile_id,
        apply_invoice_payment.invoice ->> 'id',
        'subscription',
        (apply_invoice_payment.subscription).plan_name,
        (apply_invoice_payment.invoice ->> 'amount_paid')::bigint,
        apply_invoice_payment.invoice ->> 'currency',
        0,
        subscription_id => (apply_invoice_payment.subscription).id
    );
begin
    insert into private.payment_intents (payment_intent_id, profile_id, payment_id)
    select
        p.payment #>> '{payment,payment_intent}',
        (apply_invoice_payment.subscription).profile_id,
        v_payment_id
    from jsonb_array_elements(apply_invoice_payment.invoice #> '{payments,data}') as p (payment)
    where p.payment #>> '{payment,payment_intent}' is not null
        and v_payment_id is not null
    on conflict on constraint payment_intents_pkey do nothing;

    return v_payment_id;
end;
$$;

comment on function private.apply_invoice_payment(jsonb, public.subscriptions) is
'Records the payment of an invoice, once, and the PaymentIntents that refunds of it will name.';

create function private.apply_invoice(invoice jsonb)
returns text
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_id constant text := apply_invoice.invoice ->> 'id';
    v_stripe_id constant text := apply_invoice.invoice
        #>> '{parent,subscription_details,subscription}';
    v_profile_id constant uuid := private.profile_of_customer(
        apply_invoice.invoice ->> 'customer'
    );
    v_subscription public.subscriptions;
    v_payment_id uuid;
begin
    if apply_invoice.invoice ->> 'status' <> 'paid' or v_stripe_id is null then
        return apply_invoice.invoice ->> 'status';
    end if;

    if v_profile_id is null then
        return private.raise_stripe_alarm(v_id, 'unknown_customer', 'A paid invoice of nobody.');
    end if;

    -- Money that went to the customer's balance takes no credits along: a person has to decide.
    if (apply_invoice.invoice ->> 'total')::bigint < 0 then
        return private.raise_stripe_alarm(
            v_id, 'credit_to_balance', 'A change of plan was credited to the customer''s balance.'
        );
    end if;

    select s.* into v_subscription
    from public.subscriptions as s
    where s.profile_id = v_profile_id
        and s.stripe_subscription_id = v_stripe_id;

    if not found then
        perform private.enqueue_fetch(v_stripe_id);
        return null;
    end if;

    if private.waits_for_period(v_profile_id, apply_invoice.invoice, v_subscription.id) then
        return null;
    end if;

    if (apply_invoice.invoice ->> 'amount_paid')::bigint = 0
        and not exists (select from private.paid_lines(apply_invoice.invoice) as l)
    then
        return 'nothing_paid';
    end if;

    v_payment_id := private.apply_invoice_payment(apply_invoice.invoice, v_subscription);

    if v_payment_id is null then
        return private.raise_stripe_alarm(
            v_id, 'payment_of_another_person', 'Its payment is recorded as another person''s.'
        );
    end if;

    perform private.apply_paid_line(v_profile_id, l.line, v_subscription.id, v_payment_id)
    from private.paid_lines(apply_invoice.invoice) as l;

    return 'paid';
end;
$$;

comment on function private.apply_invoice(jsonb) is
'Applies an invoice as it is now, with its payments in it: once it is paid, its time earns credits.
Null while what it builds on is not here yet.';
