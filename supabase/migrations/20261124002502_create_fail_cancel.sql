-- Purpose: a prediction that could not be stopped, and a list that could not be read.
-- Touches: functions private.fail_cancel, private.fail_find.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function.

create function private.fail_cancel(job private.outbox, slug text, is_permanent boolean)
returns void
language plpgsql
volatile
set search_path = ''
as $$
begin
    if fail_cancel.slug = 'prediction_missing' then
        -- Removed by the provider, so it runs no more; what it cost is not known.
        update private.generation_runs as r
        set
            status = 'canceled',
            finished_at = now()
        where r.id = fail_cancel.job.run_id
            and r.finished_at is null;

        perform private.finish_job(fail_cancel.job.id);
    -- The provider's own deadline ends the orphan too, so it is not urgent while that runs.
    elsif (fail_cancel.is_permanent or private.is_last_try(fail_cancel.job.attempts)) and exists (
        select
        from private.generation_runs as r
        inner join public.generations as g on r.generation_id = g.id
        where r.id = fail_cancel.job.run_id
            and g.deadline_at < now() - interval '1 hour'
    ) then
        perform private.bury_job(fail_cancel.job.id, fail_cancel.slug);
    else
        perform private.retry_job(fail_cancel.job.id, fail_cancel.slug);
    end if;
end;
$$;

comment on function private.fail_cancel(private.outbox, text, boolean) is
'A prediction could not be stopped: tried again, given up an hour after the deadline. The money is
settled all the while.';

create function private.fail_find(job private.outbox, slug text, is_permanent boolean)
returns void
language plpgsql
volatile
set search_path = ''
as $$
begin
    -- Nobody waits for it, and the provider's own deadline has ended it long ago.
    if fail_find.is_permanent or exists (
        select
        from public.generations as g
        where g.id = fail_find.job.generation_id
            and g.finished_at is not null
            and g.deadline_at < now() - interval '1 hour'
    ) then
        perform private.look_again(fail_find.job);
    else
        perform private.retry_job(fail_find.job.id, fail_find.slug);
    end if;
end;
$$;

comment on function private.fail_find(private.outbox, text, boolean) is
'The provider''s list could not be read, so a lost attempt may be there or not: it is looked for
until the list answers. Nothing is sent again before that.';
