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
        'due', count(*) filter (where o.dead_at is null and o.due_at <= now()),
        'leased', count(*) filter (where o.lease_token is not null and o.due_at > now()),
        'dead', count(*) filter (where o.dead_at is not null),
        'oldest_due_seconds', coalesce(
            extract(epoch from now() - min(o.due_at) filter (
                where o.dead_at is null and o.due_at <= now()
            )),
            0
        ),
        'stripe_alarms', (
            select count(*)
            from private.stripe_alarms as a
            where a.resolved_at is null
        ),
        'attempts_max', coalesce(max(o.attempts), 0),
        'poll_lag_seconds', coalesce(
            extract(epoch from now() - min(o.due_at) filter (
                where o.dead_at is null and o.due_at <= now() and o.kind = 'poll'
            )),
            0
        ),
        'submit_unknown', count(*) filter (where o.kind = 'find'),
        'orphans', count(*) filter (where o.kind = 'cancel')
    )
    from private.outbox as o;
$$;

comment on function private.queue_metrics() is
'Counts of due, leased and dead jobs, of lost submissions, of predictions to be stopped and of open
alarms about Stripe; the most tries a job has had; how late the oldest due job and the oldest due
poll are, in seconds.';
grant execute on function private.queue_metrics() to thumbsmith_sidecar;
