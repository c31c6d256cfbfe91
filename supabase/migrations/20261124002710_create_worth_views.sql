-- Purpose: what a payment and a use of a plan are worth, for the reports of the owner.
-- Touches: function private.report_period, views private.payment_worth, private.plan_use_worth.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop view; drop function.

create function private.report_period()
returns interval
language sql
stable
set search_path = ''
as $$
    select make_interval(
        days => coalesce(nullif(current_setting('thumbsmith.report_days', true), ''), '30')::integer
    );
$$;

comment on function private.report_period() is
'How far back the files of sql/reports look: 30 days, or what thumbsmith.report_days is set to.';

create view private.payment_worth
with (security_invoker = true)
as
with granted as (
    select
        l.payment_id,
        sum(l.amount) as credits
    from public.credit_lots as l
    -- What is carried over was granted before.
    where l.grant_key not like '%:carried'
    group by l.payment_id
),

-- A year's payment buys months that are still to be granted.
planned as (
    select
        d.payment_id,
        sum(
            n.credits_per_month * d.quantity
            * case n.billing_interval when 'year' then 12 else 1 end
        ) as credits
    from private.paid_periods as d
    inner join public.plans as n on d.plan_name = n.plan_name
    where not d.is_rest
    group by d.payment_id
)

select
    p.id as payment_id,
    (p.amount - p.amount_reversed)
    * (s.micros_per_minor_unit ->> p.currency)::bigint as micros,
    greatest(l.credits, d.credits) as credits
from public.payments as p
cross join private.settings as s
left join granted as l on p.id = l.payment_id
left join planned as d on p.id = d.payment_id;

comment on view private.payment_worth is
'What is left of each payment, and the credits it buys in all.';
comment on column private.payment_worth.micros is
'Millionths of a US dollar after refunds and lost disputes; null: the currency has no rate in
settings.micros_per_minor_unit.';

create view private.plan_use_worth
with (security_invoker = true)
as
with used as (
    -- After an upgrade two periods may hold a use: the later one paid for it.
    select distinct on (u.generation_id)
        u.generation_id,
        d.*
    from public.plan_uses as u
    inner join private.paid_periods as d
        on
            u.subscription_id = d.subscription_id
            and u.created_at >= d.period_start
            and u.created_at < d.period_end
    where u.returned_at is null
    order by u.generation_id asc, d.period_start desc, d.invoice_line_id asc
)

select
    u.generation_id,
    w.payment_id,
    w.micros
    -- Of a period that still runs only the part that is over: its other uses are to come.
    * least(
        extract(epoch from now() - u.period_start)
        / extract(epoch from u.period_end - u.period_start),
        1
    )
    / count(*) over (partition by u.invoice_line_id) as micros
from used as u
inner join private.payment_worth as w on u.payment_id = w.payment_id;

comment on view private.plan_use_worth is
'What each picture of an unlimited plan brought in: its share of what was paid for the period.';
comment on column private.plan_use_worth.micros is 'Millionths of a US dollar.';
