-- Nothing was revoked or frozen by hand without a row that says who and why.
-- Then: somebody wrote past the operator's functions: find out who by the server's log, and write
-- the audit row with their reason.
select
    e.profile_id,
    e.reason as action_key,
    'entry ' || e.entry_number as what
from public.credit_entries as e
left join private.audit_log as a on e.reason = a.action_key and e.profile_id = a.profile_id
where e.kind = 'revoke' and a.id is null

union all

select
    l.profile_id,
    f.freeze_key as action_key,
    'freeze of lot ' || f.lot_id as what
from private.credit_freezes as f
inner join public.credit_lots as l on f.lot_id = l.id
left join private.audit_log as a on f.freeze_key = a.action_key and l.profile_id = a.profile_id
where f.freeze_key like 'operator:%' and a.id is null
order by 1, 2;
