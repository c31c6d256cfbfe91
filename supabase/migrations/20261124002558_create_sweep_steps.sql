-- Purpose: what time alone makes due, as a list of steps.
-- Touches: functions private.expire_overdue_generations, private.sweep_steps,
--          private.run_sweep_step.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function.

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
