-- Purpose: what each picture brought in and what it cost, for the reports of the owner.
-- Touches: view private.generation_margins.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop view.

create view private.generation_margins
with (security_invoker = true)
as
with parts as (
    select
        e.generation_id,
        case
            when l.payment_id is null then 'free: ' || l.source
            else p.kind || ': ' || p.item_key
        end as source,
        -sum(e.amount) as credits,
        -sum(e.amount) filter (where e.kind = 'spend') as share,
        case
            when l.payment_id is null then 0
            else -sum(e.amount) * w.micros / nullif(w.credits, 0)
        end as revenue_micros
    from public.credit_entries as e
    inner join public.credit_lots as l on e.lot_id = l.id
    left join public.payments as p on l.payment_id = p.id
    left join private.payment_worth as w on l.payment_id = w.payment_id
    where e.generation_id is not null
    group by e.generation_id, l.id, p.id, w.micros, w.credits

    union all

    select
        u.generation_id,
        'unlimited: ' || s.plan_name as source,
        0 as credits,
        1 as share,
        coalesce(w.micros, case when u.returned_at is not null then 0 end) as revenue_micros
    from public.plan_uses as u
    inner join public.subscriptions as s on u.subscription_id = s.id
    left join private.plan_use_worth as w on u.generation_id = w.generation_id
)

select
    g.id as generation_id,
    g.profile_id,
    g.generation_type,
    g.status,
    g.created_at,
    t.source,
    t.credits::bigint as credits,
    round(t.revenue_micros)::bigint as revenue_micros,
    round(
        c.micros * t.share / sum(t.share) over (partition by g.id)
    )::bigint as cost_micros
from public.generations as g
inner join parts as t on g.id = t.generation_id
cross join lateral (
    select coalesce(sum(r.cost_micros), 0) as micros
    from private.generation_runs as r
    where r.generation_id = g.id
) as c;

comment on view private.generation_margins is
'One row per picture and source of what paid for it: credits, revenue and cost. A picture that two
lots paid for has two rows, and its cost is shared as its credits were.';
comment on column private.generation_margins.source is
'pack: <key>, subscription: <plan>, unlimited: <plan>, or free: <why>.';
comment on column private.generation_margins.credits is 'Credits burned, less those given back.';
comment on column private.generation_margins.revenue_micros is
'Millionths of a US dollar: the credits'' share of the payment behind them. Null: unknown currency,
or a plan without a payment in this time.';
comment on column private.generation_margins.cost_micros is
'Millionths of a US dollar: all attempts, late twins too.';
