-- Purpose: an attempt whose answer was lost is looked for, or given up.
-- Touches: functions private.mark_submit_unknown, private.retry_find.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function.

create function private.mark_submit_unknown(job private.generation_jobs, detail text)
returns void
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_heard text;
    v_find_after interval;
begin
    update private.generation_attempts as a
    set
        status = 'submit_unknown',
        unknown_since = now(),
        provider_error = left(mark_submit_unknown.detail, 2000)
    where a.profile_id = mark_submit_unknown.job.profile_id
        and a.id = mark_submit_unknown.job.attempt_id
        and a.status = 'submitting';

    if found then
        perform private.count_attempt_cost(
            mark_submit_unknown.job.profile_id, mark_submit_unknown.job.attempt_id
        );
    end if;

    -- The attempt's webhook may have come before this report.
    select w.body ->> 'id' into v_heard
    from private.provider_webhooks as w
    inner join private.generation_attempts as a
        on w.profile_id = a.profile_id and w.attempt_token = a.attempt_token
    where a.profile_id = mark_submit_unknown.job.profile_id
        and a.id = mark_submit_unknown.job.attempt_id
        and w.body ->> 'id' is not null
    limit 1;

    if v_heard is not null then
        perform private.adopt_provider_job(
            mark_submit_unknown.job.profile_id, mark_submit_unknown.job.attempt_id, v_heard
        );
        return;
    end if;

    select s.submit_find_after into v_find_after
    from private.settings as s;

    perform private.continue_generation_job(
        mark_submit_unknown.job.profile_id,
        mark_submit_unknown.job.id,
        'find',
        now() + v_find_after,
        mark_submit_unknown.job.attempt_id
    );
end;
$$;

comment on function private.mark_submit_unknown(private.generation_jobs, text) is
'The provider may have the attempt or not. Its webhook or the provider''s list may still tell; until
the grace time is over nothing is sent again.';

create function private.retry_find(job private.generation_jobs)
returns void
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_grace interval;
    v_until timestamptz;
    v_is_over boolean;
begin
    select s.submit_unknown_grace into v_grace
    from private.settings as s;

    select
        a.unknown_since + v_grace,
        g.finished_at is not null
    into v_until, v_is_over
    from private.generation_attempts as a
    inner join public.generations as g
        on a.profile_id = g.profile_id and a.generation_id = g.id
    where a.profile_id = retry_find.job.profile_id
        and a.id = retry_find.job.attempt_id;

    if now() < v_until then
        perform private.retry_generation_job(
            retry_find.job.profile_id,
            retry_find.job.id,
            due_at => least(now() + private.backoff(retry_find.job.tries + 2), v_until)
        );
        return;
    end if;

    update private.generation_attempts as a
    set
        status = 'abandoned',
        finished_at = now()
    where a.profile_id = retry_find.job.profile_id
        and a.id = retry_find.job.attempt_id
        and a.status = 'submit_unknown';

    if v_is_over then
        perform private.finish_generation_job(retry_find.job.profile_id, retry_find.job.id);
        return;
    end if;

    perform private.continue_generation_job(retry_find.job.profile_id, retry_find.job.id, 'submit');
end;
$$;

comment on function private.retry_find(private.generation_jobs) is
'The lost attempt was not in the provider''s list: looked for again, and given up for another
attempt once the grace time is over. If it turns up after that, it is canceled.';
