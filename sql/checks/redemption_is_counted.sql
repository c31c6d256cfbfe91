-- A promotional code counts its redemptions, and each of them granted its credits.
-- Then: compare promo_redemptions with the code's counter and the lots; set the counter to the
-- rows, and grant what a redemption lacks.
select
    c.id as promo_code_id,
    c.redemptions,
    count(r.profile_id) as redeemed,
    count(l.id) as granted
from private.promo_codes as c
left join private.promo_redemptions as r on c.id = r.promo_code_id
left join public.credit_lots as l
    on format('promo:%s:%s:%s', r.promo_code_id, r.profile_id, r.redemption_number) = l.grant_key
group by c.id
having c.redemptions <> count(r.profile_id) or c.redemptions <> count(l.id)
order by c.id;
