-- Purpose: all work of the sidecar, for whoever looks at the queue.
-- Touches: view private.all_jobs.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop view private.all_jobs.

create view private.all_jobs
with (security_invoker = true)
as
select
    j.id,
    j.kind,
    j.profile_id,
    j.generation_id,
    j.attempt_id,
    null::uuid as checkout_id,
    null::text as stripe_object_id,
    null::uuid as user_image_id,
    null::uuid as account_id,
    j.due_at,
    j.tries,
    j.lease_token,
    j.last_error,
    j.dead_at,
    j.created_at
from private.generation_jobs as j
union all
select
    j.id,
    j.kind,
    j.profile_id,
    null::uuid as generation_id,
    null::uuid as attempt_id,
    j.checkout_id,
    j.stripe_object_id,
    j.user_image_id,
    j.account_id,
    j.due_at,
    j.tries,
    j.lease_token,
    j.last_error,
    j.dead_at,
    j.created_at
from private.jobs as j;

comment on view private.all_jobs is
'Jobs of both tables, for operators, checks and metrics: profile_id is whose work it is, where one
knows.';
