-- Purpose: receipts: which credits paid for a picture, and which pictures a lot bought.
-- Touches: view public.generation_receipts.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop view public.generation_receipts.

create view public.generation_receipts
with (security_invoker = true)
as
select
    e.profile_id,
    e.generation_id,
    e.lot_id,
    l.source,
    coalesce(-sum(e.amount) filter (where e.kind = 'spend'), 0)::bigint as credits_spent,
    coalesce(sum(e.amount) filter (where e.kind = 'refund'), 0)::bigint as credits_returned
from public.credit_entries as e
inner join public.credit_lots as l on e.lot_id = l.id
where e.generation_id is not null
group by e.profile_id, e.generation_id, e.lot_id, l.source;

comment on view public.generation_receipts is
'One row per generation and lot that paid for it.

By generation_id it is the receipt of a picture, by lot_id what a grant or a purchase has bought.
Each person sees their own rows.';
comment on column public.generation_receipts.source is 'Where the lot came from.';
comment on column public.generation_receipts.credits_spent is
'Credits of the lot that went into it.';
comment on column public.generation_receipts.credits_returned is
'Credits of these that came back, because there was no picture.';

grant select on table public.generation_receipts to authenticated;
