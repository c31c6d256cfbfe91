-- Purpose: an attempt whose answer was lost is looked for, or given up.
-- Touches: functions private.lose_answer, private.look_again.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function.

create function private.lose_answer(job private.outbox, detail text)
returns void
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_heard text;
begin
    update private.generation_runs as r
    set
        status = 'submit_unknown',
        unknown_since = now(),
        provider_error = left(lose_answer.detail, 2000)
    where r.id = lose_answer.job.run_id
        and r.status = 'submitting';

    if found then
        perform private.note_further_attempt(lose_answer.job.run_id);
    end if;

    -- Its webhook may have been faster.
    select w.body ->> 'id' into v_heard
    from private.replicate_webhooks as w
    inner join private.generation_runs as r on w.attempt_token = r.attempt_token
    where r.id = lose_answer.job.run_id
        and w.body ->> 'id' is not null
    limit 1;

    if v_heard is not null then
        perform private.adopt_prediction(lose_answer.job.run_id, v_heard);
        return;
    end if;

    perform private.continue_job(
        lose_answer.job.id, 'find', now() + s.submit_find_after, lose_answer.job.run_id
    )
    from private.settings as s;
end;
$$;

comment on function private.lose_answer(private.outbox, text) is
'The provider may have the attempt or not. Its webhook or the provider''s list may still tell; until
the grace time is over nothing is sent again.';

create function private.look_again(job private.outbox)
returns void
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_until timestamptz;
    v_is_over boolean;
begin
    select
        r.unknown_since + s.submit_unknown_grace,
        g.finished_at is not null
    into v_until, v_is_over
    from private.generation_runs as r
    inner join public.generations as g on r.generation_id = g.id
    cross join private.settings as s
    where r.id = look_again.job.run_id;

    if now() < v_until then
        perform private.retry_job(
            look_again.job.id,
            due_at => least(now() + private.backoff(look_again.job.attempts + 2), v_until)
        );
        return;
    end if;

    update private.generation_runs as r
    set
        status = 'abandoned',
        finished_at = now()
    where r.id = look_again.job.run_id
        and r.status = 'submit_unknown';

    if v_is_over then
        perform private.finish_job(look_again.job.id);
        return;
    end if;

    perform private.continue_job(look_again.job.id, 'submit');
end;
$$;

comment on function private.look_again(private.outbox) is
'The lost attempt was not in the provider''s list: looked for again, and given up for another
attempt once the grace time is over. If it turns up after that, it is cancelled.';
