-- Every lot points to what earned it: a payment, a redemption, an operator's action.
-- Then: find the payment or code by the lot's grant_key. Without one the credits came from nowhere:
-- `thumbsmith credits revoke`, and find who granted them.
select
    l.id as lot_id,
    l.source,
    l.grant_key
from public.credit_lots as l
left join private.promo_redemptions as r
    on l.grant_key = format('promo:%s:%s:%s', r.promo_code_id, r.profile_id, r.redemption_number)
left join private.audit_log as a
    on l.grant_key = a.action_key and l.profile_id = a.profile_id
where
    (l.source = 'sign_up' and l.grant_key <> 'sign_up:' || l.profile_id)
    or (l.source = 'purchase' and l.payment_id is null)
    or (l.source = 'subscription' and l.subscription_id is null)
    or (l.source = 'promotion' and r.profile_id is distinct from l.profile_id)
    or (l.source = 'operator' and a.id is null)
order by l.id;
