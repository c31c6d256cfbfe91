-- Purpose: receipts: which credits paid for a picture, and which pictures a purchase bought.
-- Touches: views public.generation_receipts, public.purchase_uses, public.credit_history.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop view.

-- Without a trigger a write to such a view is an internal error before anybody looks at privileges;
-- with one it is refused for want of the privilege.

create view public.generation_receipts
with (security_invoker = true)
as
select
    e.profile_id,
    e.generation_id,
    e.lot_id,
    l.source,
    l.payment_id,
    l.subscription_id,
    coalesce(-sum(e.amount) filter (where e.kind = 'spend'), 0)::bigint as credits_spent,
    coalesce(sum(e.amount) filter (where e.kind = 'refund'), 0)::bigint as credits_returned
from public.credit_entries as e
inner join public.credit_lots as l on e.lot_id = l.id
where e.generation_id is not null
group by e.profile_id, e.generation_id, e.lot_id, l.id

union all

select
    u.profile_id,
    u.generation_id,
    null as lot_id,
    'plan' as source,
    null as payment_id,
    u.subscription_id,
    0 as credits_spent,
    0 as credits_returned
from public.plan_uses as u;

comment on view public.generation_receipts is
'The receipt of a picture: one row per lot that paid for it, or one row with source plan and no
credits when an unlimited plan covered it.

Each person sees their own rows.';
comment on column public.generation_receipts.source is
'Where the lot came from, or plan.';
comment on column public.generation_receipts.payment_id is 'The purchase behind the lot.';
comment on column public.generation_receipts.credits_spent is
'Credits of the lot that went into it.';
comment on column public.generation_receipts.credits_returned is
'Credits of these that came back, because there was no picture.';

create trigger _500_append_only
instead of insert or update or delete on public.generation_receipts
for each row
execute function private.tg__refuse_change();

grant select on table public.generation_receipts to authenticated;

create view public.purchase_uses
with (security_invoker = true)
as
select
    l.profile_id,
    l.payment_id,
    l.id as lot_id,
    e.generation_id,
    coalesce(-sum(e.amount) filter (where e.kind = 'spend'), 0)::bigint as credits_spent,
    coalesce(sum(e.amount) filter (where e.kind = 'refund'), 0)::bigint as credits_returned
from public.credit_lots as l
inner join public.credit_entries as e on l.id = e.lot_id
where
    l.payment_id is not null
    and e.generation_id is not null
group by l.id, e.generation_id;

comment on view public.purchase_uses is
'What a purchase was used for: one row per payment, lot and picture.

Each person sees their own rows.';
comment on column public.purchase_uses.credits_returned is
'Credits of these that came back, because there was no picture.';

create trigger _500_append_only
instead of insert or update or delete on public.purchase_uses
for each row
execute function private.tg__refuse_change();

grant select on table public.purchase_uses to authenticated;

create view public.credit_history
with (security_invoker = true)
as
select
    e.profile_id,
    e.entry_number,
    e.created_at,
    e.kind,
    e.amount,
    e.debt,
    e.balance_after,
    e.lot_id,
    l.source,
    e.generation_id,
    e.reason
from public.credit_entries as e
inner join public.credit_lots as l on e.lot_id = l.id;

comment on view public.credit_history is
'The ledger as a person reads it: every change of the balance, with what it was for.

Each person sees their own rows.';

create trigger _500_append_only
instead of insert or update or delete on public.credit_history
for each row
execute function private.tg__refuse_change();

grant select on table public.credit_history to authenticated;
