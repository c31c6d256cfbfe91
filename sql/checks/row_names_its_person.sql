-- A row that belongs to another row names the same person.
-- Then: nothing is lost, but the row is not found. Correct its profile_id by that of its parent,
-- and report it as a bug.
with pairs as (
    select
        'private.generation_attempts' as relation,
        a.id::text as row_id,
        a.profile_id as named,
        g.profile_id as owner
    from private.generation_attempts as a
    inner join public.generations as g on a.generation_id = g.id
    union all
    select
        'private.generation_jobs' as relation,
        j.id::text as row_id,
        j.profile_id as named,
        coalesce(g.profile_id, a.profile_id) as owner
    from private.generation_jobs as j
    left join public.generations as g on j.generation_id = g.id
    left join private.generation_attempts as a on j.attempt_id = a.id
    union all
    select
        'private.provider_webhooks' as relation,
        w.webhook_id as row_id,
        w.profile_id as named,
        a.profile_id as owner
    from private.provider_webhooks as w
    inner join private.generation_attempts as a on w.attempt_token = a.attempt_token
    union all
    select
        'private.jobs' as relation,
        j.id::text as row_id,
        j.profile_id as named,
        coalesce(c.profile_id, i.profile_id) as owner
    from private.jobs as j
    left join public.checkouts as c on j.checkout_id = c.id
    left join public.user_images as i on j.user_image_id = i.id
    where coalesce(c.id, i.id) is not null
    union all
    select
        'public.credit_lots' as relation,
        l.id::text as row_id,
        l.profile_id as named,
        p.profile_id as owner
    from public.credit_lots as l
    inner join public.payments as p on l.payment_id = p.id
    union all
    select
        'private.credit_freezes' as relation,
        f.lot_id || ' ' || f.freeze_key as row_id,
        f.profile_id as named,
        l.profile_id as owner
    from private.credit_freezes as f
    inner join public.credit_lots as l on f.lot_id = l.id
    union all
    select
        'private.payment_intents' as relation,
        i.payment_intent_id as row_id,
        i.profile_id as named,
        p.profile_id as owner
    from private.payment_intents as i
    inner join public.payments as p on i.payment_id = p.id
    union all
    select
        'private.payment_reversals' as relation,
        r.reversal_key as row_id,
        r.profile_id as named,
        p.profile_id as owner
    from private.payment_reversals as r
    inner join public.payments as p on r.payment_id = p.id
    union all
    select
        'private.subscription_months' as relation,
        m.subscription_id || ' ' || m.month_key as row_id,
        m.profile_id as named,
        s.profile_id as owner
    from private.subscription_months as m
    inner join public.subscriptions as s on m.subscription_id = s.id
    union all
    select
        'private.paid_periods' as relation,
        d.invoice_line_id as row_id,
        d.profile_id as named,
        s.profile_id as owner
    from private.paid_periods as d
    inner join public.subscriptions as s on d.subscription_id = s.id
)

select
    p.relation,
    p.row_id,
    p.named,
    p.owner
from pairs as p
where p.named is distinct from p.owner
order by p.relation, p.row_id;
