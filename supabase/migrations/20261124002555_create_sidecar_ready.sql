-- Purpose: whether a sidecar may start: the schema is there, and its key of Stripe is of our mode.
-- Touches: functions private.sidecar_ready, private.stripe_livemode, rows of cron.job.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function.

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
