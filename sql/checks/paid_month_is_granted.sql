-- A month of a plan that was paid and has begun has its credits.
-- Then: run `thumbsmith stripe reconcile --yes`, which fetches the invoice again; if the month
-- stays empty, see `thumbsmith stripe alarms`.
select
    p.invoice_line_id,
    p.subscription_id,
    p.next_month_at
from private.paid_periods as p
where p.next_month_at < now() - interval '1 hour'
order by p.next_month_at;
