-- Purpose: how the sidecar takes work.
-- Touches: function private.claim_jobs.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function.

create function private.claim_jobs(worker_id text, max_jobs integer, lease_seconds integer)
returns table (
    job_id bigint,
    lease_token uuid,
    kind text,
    generation_id uuid,
    attempt integer,
    payload jsonb
)
language plpgsql
volatile
-- security definer because the sidecar's role holds no table
security definer
set search_path = ''
as $$
declare
    v_job private.outbox;
    v_token constant uuid := gen_random_uuid();
    v_found boolean := false;
begin
    for v_job in
        select c.*
        from private.lease_due_jobs(
            v_token, claim_jobs.max_jobs, claim_jobs.lease_seconds
        ) as c
        left join public.generations as g on c.generation_id = g.id
        -- A submission that was tried too often is refunded here: profiles are locked in id order.
        -- Last those whose worker died while it was sending: their expected cost is counted, and
        -- whoever holds a row of provider_spend must not wait for a profile.
        order by
            exists (
                select
                from private.generation_runs as r
                where r.generation_id = c.generation_id
                    and r.status = 'submitting'
            ),
            g.profile_id,
            c.id
    loop
        v_found := true;

        if v_job.kind = 'submit' then
            v_job.run_id := private.start_run(v_job);
            continue when v_job.run_id is null;

            perform private.set_job_attempt(v_job.id, v_job.run_id);
        end if;

        job_id := v_job.id;
        lease_token := v_token;
        kind := v_job.kind;
        generation_id := v_job.generation_id;
        attempt := v_job.attempts + 1;
        payload := private.job_payload(v_job);
        return next;
    end loop;

    if v_found then
        delete from private.idle_workers as w
        where w.worker_id = claim_jobs.worker_id;
    end if;
end;
$$;

comment on function private.claim_jobs(text, integer, integer) is
'Takes due jobs for this many seconds; generation_id is null for those about anything else. Report
each with a record_* function and the lease token; what is not reported comes back when the lease
ends.';
grant execute on function private.claim_jobs(text, integer, integer) to thumbsmith_sidecar;
