-- No model refuses us for what only an operator can mend: token, account, payment.
-- Then: 401 or 403: renew REPLICATE_API_TOKEN and restart the sidecars. 402: pay at the provider.
-- Then `thumbsmith jobs retry` what died of it.
select
    r.model,
    r.http_status,
    count(*) as attempts,
    max(r.created_at) as last_at
from private.generation_runs as r
where
    r.http_status in (401, 402, 403, 404)
    and not exists (
        select
        from private.generation_runs as later
        where
            later.model = r.model
            and later.prediction_id is not null
            and later.id > r.id
    )
group by r.model, r.http_status
order by r.model, r.http_status;
