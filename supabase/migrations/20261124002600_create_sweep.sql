-- Purpose: what time alone makes due, and what the sidecar shows of the queue.
-- Touches: functions private.close_stale_checkouts, private.sweep, private.queue_metrics,
--          private.sidecar_ready, private.stripe_livemode, rows of cron.job.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    select cron.unschedule('thumbsmith_sweep'); drop function.

create function private.close_stale_checkouts(max_checkouts integer)
returns integer
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_stale record;
    v_closed integer := 0;
begin
    for v_stale in
        select
            c.id,
            c.stripe_session_id
        from public.checkouts as c
        where c.finished_at is null
            and c.status in ('requested', 'open')
            and c.expires_at <= now()
        order by c.id
        limit close_stale_checkouts.max_checkouts
        for no key update skip locked
    loop
        -- Whether it was paid in its last minute is for Stripe to say.
        if v_stale.stripe_session_id is not null then
            perform private.want_stripe_object(v_stale.stripe_session_id);

            update public.checkouts as c
            set expires_at = now() + interval '10 minutes'
            where c.id = v_stale.id;
        else
            perform private.close_checkout(v_stale.id, 'expired');
        end if;
        v_closed := v_closed + 1;
    end loop;

    return v_closed;
end;
$$;

comment on function private.close_stale_checkouts(integer) is
'Looks at Checkout pages whose time is over, and closes those of the portal. Returns how many.';

create function private.expire_overdue_generations(max_generations integer)
returns integer
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_overdue record;
    v_expired integer := 0;
begin
    -- Each unfinished generation has an outbox row, and the outbox is small. Rows that a worker or
    -- another sweep holds are skipped: they are being looked at.
    for v_overdue in
        select o.generation_id
        from private.outbox as o
        inner join public.generations as g on o.generation_id = g.id
        where g.finished_at is null
            and g.deadline_at <= now()
        order by g.profile_id, o.id
        limit expire_overdue_generations.max_generations
        for update of o skip locked
    loop
        if private.expire_generation(v_overdue.generation_id) then
            v_expired := v_expired + 1;
        end if;
    end loop;

    return v_expired;
end;
$$;

comment on function private.expire_overdue_generations(integer) is
'Ends generations whose deadline has passed, with the credits back. Returns how many.';

create function private.sweep_steps()
returns table (turn integer, step text)
language sql
immutable
set search_path = ''
as $$
    values
        (1, 'expired'),
        (2, 'expired_lots'),
        (3, 'rewarded'),
        (4, 'granted_periods'),
        (5, 'stale_checkouts'),
        (5, 'expired_faces'),
        (6, 'erasures');
$$;

comment on function private.sweep_steps() is
'What the sweep looks at, in this order, and the name under which it tells how many. Steps of one
turn go together.';

create function private.run_sweep_step(step text)
returns integer
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_done integer;
begin
    v_done := case run_sweep_step.step
        when 'expired' then private.expire_overdue_generations(500)
        when 'expired_lots' then private.expire_lots()
        when 'rewarded' then private.settle_pending_referrals(100)
        when 'granted_periods' then private.grant_due_months(100)
        when 'stale_checkouts' then private.close_stale_checkouts(100)
        when 'expired_faces' then private.expire_user_images(100)
        when 'erasures' then private.resume_erasure()
    end;

    -- What Stripe has to be asked for goes with the pages of Stripe.
    if run_sweep_step.step = 'stale_checkouts' then
        perform private.start_reconcile();
    end if;

    return v_done;
end;
$$;

comment on function private.run_sweep_step(text) is
'Does what is due of one step, up to a limit. Returns how many that were.';

create function private.sweep()
returns jsonb
language plpgsql
volatile
-- security definer because the sidecar's role holds no table
security definer
set search_path = ''
as $$
declare
    v_step record;
    v_turn integer;
    v_done integer;
    v_counts jsonb := '{}';
begin
    -- One turn a call. Each step locks profiles in id order; one after the other would not.
    for v_step in
        select
            s.turn,
            s.step
        from private.sweep_steps() with ordinality as s (turn, step, listed)
        order by s.listed
    loop
        v_done := 0;

        if v_turn is null or v_turn = v_step.turn then
            v_done := private.run_sweep_step(v_step.step);
        end if;

        if v_done > 0 then
            v_turn := v_step.turn;
        end if;

        v_counts := v_counts || jsonb_build_object(v_step.step, v_done);
    end loop;

    return v_counts;
end;
$$;

comment on function private.sweep() is
'Does what time alone has made due, one turn of private.sweep_steps() a call. Safe to run at any
time and by many. Returns how many of each: call it again until there is nothing more.';
grant execute on function private.sweep() to thumbsmith_sidecar;

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

create function private.sidecar_ready()
returns boolean
language sql
stable
-- security definer because the sidecar's role holds no table
security definer
set search_path = ''
as $$
    select exists (select from private.settings as s);
$$;

comment on function private.sidecar_ready() is
'Whether the schema that the sidecar needs is in place.';
grant execute on function private.sidecar_ready() to thumbsmith_sidecar;

create function private.stripe_livemode()
returns boolean
language sql
stable
-- security definer because the sidecar's role holds no table
security definer
set search_path = ''
as $$
    select s.stripe_livemode from private.settings as s;
$$;

comment on function private.stripe_livemode() is
'Whether this database sells for real. A sidecar with a key of the other mode does not start.';
grant execute on function private.stripe_livemode() to thumbsmith_sidecar;

-- Credits come back in time even when no sidecar runs at all. Where pg_cron is not to be had, the
-- sidecar's own sweep is the only one.
do $$
begin
    if exists (select from pg_available_extensions as e where e.name = 'pg_cron') then
        create extension if not exists pg_cron;
    end if;

    if to_regprocedure('cron.schedule(text, text, text)') is not null then
        perform cron.schedule('thumbsmith_sweep', '* * * * *', 'select private.sweep()');
    end if;
end;
$$;
