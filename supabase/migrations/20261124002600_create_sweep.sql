-- Purpose: the sweep, and who calls it when no sidecar runs.
-- Touches: function private.sweep, rows of cron.job.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    select cron.unschedule('thumbsmith_sweep'); drop function.

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
    v_counts jsonb := jsonb_build_object();
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
