-- Purpose: a prediction that could not be stopped, and a list that could not be read.
-- Touches: functions private.fail_cancel, private.fail_find.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function.

create function private.fail_cancel(job private.generation_jobs, slug text, is_permanent boolean)
returns void
language plpgsql
volatile
set search_path = ''
as $$
begin
    if fail_cancel.slug = 'prediction_missing' then
        -- The provider has removed the job: it runs no more, and its cost is not known.
        update private.generation_attempts as a
        set
            status = 'canceled',
            finished_at = now()
        where a.profile_id = fail_cancel.job.profile_id
            and a.id = fail_cancel.job.attempt_id
            and a.finished_at is null;

        perform private.finish_generation_job(fail_cancel.job.profile_id, fail_cancel.job.id);
    -- The provider's own deadline ends the orphan too, so it is not urgent while that runs.
    elsif (fail_cancel.is_permanent or private.is_last_try(fail_cancel.job.tries)) and exists (
        select
        from private.generation_attempts as a
        inner join public.generations as g
            on a.profile_id = g.profile_id and a.generation_id = g.id
        where a.profile_id = fail_cancel.job.profile_id
            and a.id = fail_cancel.job.attempt_id
            and g.deadline_at < now() - interval '1 hour'
    ) then
        perform private.bury_generation_job(
            fail_cancel.job.profile_id, fail_cancel.job.id, fail_cancel.slug
        );
    else
        perform private.retry_generation_job(
            fail_cancel.job.profile_id, fail_cancel.job.id, fail_cancel.slug
        );
    end if;
end;
$$;

comment on function private.fail_cancel(private.generation_jobs, text, boolean) is
'A prediction could not be stopped: tried again, given up an hour after the deadline. The money is
settled all the while.';

create function private.fail_find(job private.generation_jobs, slug text, is_permanent boolean)
returns void
language plpgsql
volatile
set search_path = ''
as $$
begin
    -- Nobody waits for the generation, and the provider's deadline ended the job long ago.
    if fail_find.is_permanent or exists (
        select
        from public.generations as g
        where g.profile_id = fail_find.job.profile_id
            and g.id = fail_find.job.generation_id
            and g.finished_at is not null
            and g.deadline_at < now() - interval '1 hour'
    ) then
        perform private.retry_find(fail_find.job);
    else
        perform private.retry_generation_job(
            fail_find.job.profile_id, fail_find.job.id, fail_find.slug
        );
    end if;
end;
$$;

comment on function private.fail_find(private.generation_jobs, text, boolean) is
'The provider''s list could not be read, so a lost attempt may be there or not: it is looked for
until the list answers. Nothing is sent again before that.';
