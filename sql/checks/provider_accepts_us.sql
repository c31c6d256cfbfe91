-- No model refuses us for what only an operator can mend: token, account, payment.
-- Then: 401 or 403: renew REPLICATE_API_TOKEN and restart the sidecars. 402: pay at the provider.
-- Then `thumbsmith jobs retry` what died of it.
select
    a.model,
    a.http_status,
    count(*) as attempts,
    max(a.created_at) as last_at
from private.generation_attempts as a
where
    a.http_status in (401, 402, 403, 404)
    and not exists (
        select
        from private.generation_attempts as later
        where
            later.model = a.model
            and later.provider_job_id is not null
            and later.id > a.id
    )
group by a.model, a.http_status
order by a.model, a.http_status;
