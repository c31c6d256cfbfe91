-- Money that went back took its share of the credits along; a dispute freezes them.
-- Then: run `thumbsmith stripe reconcile --yes`, which fetches refunds and disputes again; then
-- compare the payment with Stripe.
with reversed as (
    select
        p.id,
        p.amount,
        p.amount_reversed,
        least(
            p.amount,
            coalesce(sum(r.amount) filter (where r.status in ('taken', 'lost')), 0)
        ) as expected,
        coalesce(bool_or(r.status = 'open'), false) as is_disputed
    from public.payments as p
    left join private.payment_reversals as r on p.id = r.payment_id
    group by p.id
)

select
    r.id as payment_id,
    r.amount_reversed,
    r.expected,
    l.id as lot_id,
    l.clawed_back,
    l.frozen_at
from reversed as r
left join public.credit_lots as l on r.id = l.payment_id
where
    r.amount_reversed <> r.expected
    or l.clawed_back <> floor(l.amount * r.expected / greatest(r.amount, 1))
    -- A payment of an unlimited plan has no lot to freeze.
    or (r.is_disputed and l.id is not null and l.frozen_at is null)
order by r.id, l.id;
