-- The credits added for a payment are those of its lots, all its owner's.
-- Then: compare the payment with its lots. Missing credits: replay its event with `thumbsmith
-- stripe replay EVENT --yes`; too many: revoke them.
select
    p.id as payment_id,
    p.credits_added,
    coalesce(sum(l.amount) filter (where l.profile_id = p.profile_id), 0) as lots
from public.payments as p
left join public.credit_lots as l on p.id = l.payment_id
group by p.id
having p.credits_added <> coalesce(sum(l.amount) filter (where l.profile_id = p.profile_id), 0)
order by p.id;
