-- Purpose: what time alone makes due, as a list of steps.
-- Touches: functions private.sweep_steps, private.run_sweep_step.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function.

create function private.sweep_steps()
returns table (turn integer, step text)
language sql
immutable
set search_path = ''
as $$
    values
        (1, 'expired'),
        (2, 'forgotten'),
        (3, 'expired_lots'),
        (4, 'rewarded'),
        (5, 'granted_periods'),
        (6, 'stale_checkouts'),
        (6, 'expired_user_images'),
        (7, 'erasures');
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
        when 'forgotten' then private.expire_forgotten_generations(500)
        when 'expired_lots' then private.expire_lots()
        when 'rewarded' then private.settle_pending_referrals(100)
        when 'granted_periods' then private.grant_due_months(100)
        when 'stale_checkouts' then private.close_stale_checkouts(100)
        when 'expired_user_images' then private.expire_user_images(100)
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
