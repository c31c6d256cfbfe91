-- Purpose: the sidecar reports a stored picture.
-- Touches: function private.report_stored.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function.

create function private.report_stored(
    profile_id uuid,
    job_id bigint,
    lease_token uuid,
    stored jsonb
)
returns text
language plpgsql
volatile
-- security definer because the sidecar's role holds no table
security definer
set search_path = ''
as $$
declare
    v_job private.generation_jobs := private.lock_reported_generation_job(
        report_stored.profile_id, report_stored.job_id, report_stored.lease_token
    );
begin
    if v_job.id is null then
        return 'stale';
    end if;

    perform private.finish_generation(
        v_job.profile_id,
        v_job.generation_id,
        'succeeded',
        null,
        report_stored.stored ->> 'object_path',
        report_stored.stored ->> 'preview_path'
    );

    perform private.finish_generation_job(v_job.profile_id, v_job.id);

    return 'ok';
end;
$$;

comment on function private.report_stored(uuid, bigint, uuid, jsonb) is
'The picture is in Storage at stored.object_path, and its preview at stored.preview_path: the
generation succeeded. ok, or stale.';
grant execute on function private.report_stored(uuid, bigint, uuid, jsonb) to thumbsmith_sidecar;
