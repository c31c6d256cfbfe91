-- A referral lot has its referral, and is taken back exactly when that is reversed.
-- Then: compare the referral with the referrer's lots of source referral; revoke a bonus without
-- reward, grant one that is missing.
select
    l.id as lot_id,
    l.grant_key,
    r.status,
    l.clawed_back
from public.credit_lots as l
left join public.referrals as r
    on
        r.status in ('rewarded', 'reversed')
        and (
            (l.grant_key = 'referral:' || r.referred_id and l.profile_id = r.referrer_id)
            or (l.grant_key = 'referred:' || r.referred_id and l.profile_id = r.referred_id)
        )
where
    l.source = 'referral'
    and (
        r.id is null
        or l.clawed_back <> case r.status when 'reversed' then l.amount else 0 end
    )
order by l.id;
