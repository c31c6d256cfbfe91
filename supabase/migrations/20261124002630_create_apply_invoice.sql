-- Purpose: a paid invoice of a subscription earns credits for the time it paid.
-- Touches: functions private.record_paid_line, private.paid_lines, private.waits_for_period,
--          private.record_invoice, private.apply_invoice.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function.

create function private.record_paid_line(line jsonb, subscription_id uuid, payment_id uuid)
returns text
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_price_id constant text := record_paid_line.line #>> '{pricing,price_details,price}';
    v_is_rest constant boolean := coalesce(
        (record_paid_line.line #> '{parent,subscription_item_details,proration}')::boolean, false
    );
    v_plan_name text;
begin
    select p.item_key into v_plan_name
    from private.stripe_prices as p
    where p.price_id = v_price_id
        and p.item_kind = 'subscription';

    if v_plan_name is null then
        return private.raise_stripe_alarm(
            record_paid_line.line ->> 'id', 'unknown_price',
            format('An invoice was paid with the price %s, which is not ours.', v_price_id)
        );
    end if;

    insert into private.paid_periods (
        invoice_line_id, subscription_id, payment_id, plan_name, quantity, is_rest, period_start,
        period_end, next_month_at
    )
    select
        record_paid_line.line ->> 'id',
        record_paid_line.subscription_id,
        record_paid_line.payment_id,
        v_plan_name,
        greatest((record_paid_line.line ->> 'quantity')::integer, 1),
        v_is_rest,
        t.period_start,
        t.period_end,
        t.period_start
    from (
        select
            private.stripe_instant(record_paid_line.line #> '{period,start}') as period_start,
            private.stripe_instant(record_paid_line.line #> '{period,end}') as period_end
    ) as t
    where t.period_end > t.period_start
    on conflict on constraint paid_periods_pkey do nothing;

    perform private.grant_paid_months(record_paid_line.line ->> 'id');
    return 'granted';
end;
$$;

comment on function private.record_paid_line(jsonb, uuid, uuid) is
'Records the time that a line of a paid invoice paid for, once, and grants the months of it that
have begun.';

create function private.paid_lines(invoice jsonb)
returns table (line jsonb, is_rest boolean, period_end timestamptz)
language sql
stable
set search_path = ''
as $$
    select
        l.line,
        coalesce((l.line #> '{parent,subscription_item_details,proration}')::boolean, false),
        private.stripe_instant(l.line #> '{period,end}')
    from jsonb_array_elements(paid_lines.invoice #> '{lines,data}') as l (line)
    -- Renewals and changes of the subscription, and nothing that somebody wrote by hand. A trial
    -- costs nothing and gives nothing; a discount is not in the amount of a line.
    where paid_lines.invoice ->> 'billing_reason' in (
        'subscription_create', 'subscription_cycle', 'subscription_update'
    )
        and l.line #>> '{parent,type}' = 'subscription_item_details'
        and (l.line ->> 'amount')::bigint > 0
    order by private.stripe_instant(l.line #> '{period,start}'), l.line ->> 'id';
$$;

comment on function private.paid_lines(jsonb) is
'The lines of an invoice that paid a subscription for some time, oldest first.';

create function private.waits_for_period(invoice jsonb, subscription_id uuid)
returns boolean
language sql
stable
set search_path = ''
as $$
    select exists (
        select
        from private.paid_lines(waits_for_period.invoice) as l
        inner join private.stripe_prices as p
            on p.price_id = l.line #>> '{pricing,price_details,price}'
        where l.is_rest
            and p.billing_interval = 'month'
            and not exists (
                select
                from private.paid_periods as b
                where b.subscription_id = waits_for_period.subscription_id
                    and b.period_end = l.period_end
                    and not b.is_rest
            )
    );
$$;

comment on function private.waits_for_period(jsonb, uuid) is
'Whether an upgrade was paid in a month whose own payment is not here yet: how long that month is
decides what the rest of it is worth.';

create function private.record_invoice(invoice jsonb, subscription public.subscriptions)
returns uuid
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_payment_id constant uuid := private.record_payment(
        (record_invoice.subscription).profile_id,
        record_invoice.invoice ->> 'id',
        'subscription',
        (record_invoice.subscription).plan_name,
        (record_invoice.invoice ->> 'amount_paid')::bigint,
        record_invoice.invoice ->> 'currency',
        0,
        subscription_id => (record_invoice.subscription).id
    );
begin
    insert into private.payment_intents (payment_intent_id, payment_id)
    select
        p.payment #>> '{payment,payment_intent}',
        v_payment_id
    from jsonb_array_elements(record_invoice.invoice #> '{payments,data}') as p (payment)
    where p.payment #>> '{payment,payment_intent}' is not null
    on conflict on constraint payment_intents_pkey do nothing;

    return v_payment_id;
end;
$$;

comment on function private.record_invoice(jsonb, public.subscriptions) is
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
    v_subscription public.subscriptions;
    v_payment_id uuid;
begin
    if apply_invoice.invoice ->> 'status' <> 'paid' or v_stripe_id is null then
        return apply_invoice.invoice ->> 'status';
    end if;

    if private.profile_of_customer(apply_invoice.invoice ->> 'customer') is null then
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
    where s.stripe_subscription_id = v_stripe_id;

    if not found then
        perform private.want_stripe_object(v_stripe_id);
        return null;
    end if;

    if private.waits_for_period(apply_invoice.invoice, v_subscription.id) then
        return null;
    end if;

    if (apply_invoice.invoice ->> 'amount_paid')::bigint = 0
        and not exists (select from private.paid_lines(apply_invoice.invoice) as l)
    then
        return 'nothing_paid';
    end if;

    v_payment_id := private.record_invoice(apply_invoice.invoice, v_subscription);

    perform private.record_paid_line(l.line, v_subscription.id, v_payment_id)
    from private.paid_lines(apply_invoice.invoice) as l;

    return 'paid';
end;
$$;

comment on function private.apply_invoice(jsonb) is
'Applies an invoice as it is now, with its payments in it: once it is paid, its time earns credits.
Null while what it builds on is not here yet.';
