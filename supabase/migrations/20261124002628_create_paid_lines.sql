-- Purpose: what the lines of an invoice paid for.
-- Touches: functions private.apply_paid_line, private.paid_lines, private.waits_for_period.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function.

create function private.apply_paid_line(
    profile_id uuid,
    line jsonb,
    subscription_id uuid,
    payment_id uuid
)
returns text
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_price_id constant text := apply_paid_line.line #>> '{pricing,price_details,price}';
    v_is_proration constant boolean := coalesce(
        (apply_paid_line.line #> '{parent,subscription_item_details,proration}')::boolean, false
    );
    v_plan_name text;
begin
    select p.item_key into v_plan_name
    from private.stripe_prices as p
    where p.price_id = v_price_id
        and p.item_kind = 'subscription';

    if v_plan_name is null then
        return private.raise_stripe_alarm(
            apply_paid_line.line ->> 'id', 'unknown_price',
            format('An invoice was paid with the price %s, which is not ours.', v_price_id)
        );
    end if;

    insert into private.paid_periods (
        invoice_line_id, profile_id, subscription_id, payment_id, plan_name, quantity, is_proration,
        period_start, period_end, next_month_at
    )
    select
        apply_paid_line.line ->> 'id',
        apply_paid_line.profile_id,
        apply_paid_line.subscription_id,
        apply_paid_line.payment_id,
        v_plan_name,
        greatest((apply_paid_line.line ->> 'quantity')::integer, 1),
        v_is_proration,
        t.period_start,
        t.period_end,
        t.period_start
    from (
        select
            private.stripe_instant(apply_paid_line.line #> '{period,start}') as period_start,
            private.stripe_instant(apply_paid_line.line #> '{period,end}') as period_end
    ) as t
    where t.period_end > t.period_start
    on conflict on constraint paid_periods_pkey do nothing;

    perform private.grant_paid_months(apply_paid_line.profile_id, apply_paid_line.line ->> 'id');
    return 'granted';
end;
$$;

comment on function private.apply_paid_line(uuid, jsonb, uuid, uuid) is
'Records the time that a line of a paid invoice paid for, once, and grants the months of it that
have begun.';

create function private.paid_lines(invoice jsonb)
returns table (line jsonb, is_proration boolean, period_end timestamptz)
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

create function private.waits_for_period(
    profile_id uuid,
    invoice jsonb,
    subscription_id uuid
)
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
        where l.is_proration
            and p.billing_interval = 'month'
            and not exists (
                select
                from private.paid_periods as b
                where b.profile_id = waits_for_period.profile_id
                    and b.subscription_id = waits_for_period.subscription_id
                    and b.period_end = l.period_end
                    and not b.is_proration
            )
    );
$$;

comment on function private.waits_for_period(uuid, jsonb, uuid) is
'Whether an upgrade was paid in a month whose own payment is not here yet: how long that month is
decides what the rest of it is worth.';
