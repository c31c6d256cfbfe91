-- Purpose: whether a sidecar may start: the schema is there, and its key of Stripe is of our mode.
-- Touches: functions private.sidecar_ready, private.stripe_livemode.
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
