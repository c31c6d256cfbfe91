-- Between two runs: everything asked for was made, as the sidecar would have done it meanwhile, and
-- what autovacuum would have cleaned is clean. A real person never has thousands under way.
set session_replication_role = 'replica';

update public.generations
set
    status = 'succeeded',
    output_path = profile_id || '/' || id || '.png',
    finished_at = now()
where finished_at is null;

delete from private.generation_jobs;

vacuum public.generations;
vacuum private.generation_jobs;
vacuum public.profiles;
vacuum public.credit_lots;
vacuum bench.accounts;
