-- Purpose: what the sidecar shows of the queue.
-- Touches: function private.queue_metrics.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function.

create function private.queue_metrics()
returns jsonb
language sql
stable
-- security definer because the sidecar's role holds no table
security definer
set search_path = ''
as $$
    select jsonb_build_object(
        'jobs_due', count(*) filter (where j.dead_at is null and j.due_at <= now()),
        'jobs_leased', count(*) filter (where j.lease_token is not null and j.due_at > now()),
        'jobs_dead', count(*) filter (where j.dead_at is not null),
        'oldest_due_seconds', coalesce(
            extract(epoch from now() - min(j.due_at) filter (
                where j.dead_at is null and j.due_at <= now()
            )),
            0
        ),
        'stripe_alarms_open', (
            select count(*)
            from private.stripe_alarms as a
            where a.resolved_at is null
        ),
        'max_job_tries', coalesce(max(j.tries), 0),
        'oldest_due_poll_seconds', coalesce(
            extract(epoch from now() - min(j.due_at) filter (
                where j.dead_at is null and j.due_at <= now() and j.kind = 'poll'
            )),
            0
        ),
        'attempts_unknown', count(*) filter (where j.kind = 'find'),
        'attempts_to_cancel', count(*) filter (where j.kind = 'cancel')
    )
    from private.all_jobs as j;
$$;

comment on function private.queue_metrics() is
'Counts of due, leased and dead jobs, of lost submissions, of predictions to be stopped and of open
alarms about Stripe; the most tries a job has had; how late the oldest due job and the oldest due
poll are, in seconds.';
grant execute on function private.queue_metrics() to thumbsmith_sidecar;
