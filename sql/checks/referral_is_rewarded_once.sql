-- A rewarded referral has its lot, and a referral lot its rewarded referral.
select
    r.referred_id,
    r.status,
    l.grant_key
from public.referrals as r
full join public.credit_lots as l on 'referral:' || r.referred_id = l.grant_key
where (r.status = 'rewarded' and l.id is null and (
    select s.referral_bonus_credits > 0
    from private.settings as s
))
or (l.source = 'referral' and r.status is distinct from 'rewarded')
order by r.referred_id, l.grant_key;
