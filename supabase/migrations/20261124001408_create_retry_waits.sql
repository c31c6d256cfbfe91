-- Purpose: how long a job waits for its next try.
-- Touches: functions private.poll_interval, private.backoff, private.retry_wait,
--          private.is_last_try.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function.

create function private.poll_interval(polls integer)
returns interval
language sql
immutable
set search_path = ''
as $$
    select case
        when poll_interval.polls < 5 then interval '2 seconds'
        when poll_interval.polls < 10 then interval '5 seconds'
        when poll_interval.polls < 20 then interval '10 seconds'
        else interval '30 seconds'
    end;
$$;

comment on function private.poll_interval(integer) is
'How long to wait before the next look, after this many.';

create function private.backoff(attempts integer)
returns interval
language sql
volatile
set search_path = ''
as $$
    -- Doubled each time, each wait between half and all of it, so that a crowd spreads out.
    select least(power(2, least(backoff.attempts, 20)) * s.retry_first_wait, s.retry_longest_wait)
        * (0.5 + random() / 2)
    from private.settings as s;
$$;

comment on function private.backoff(integer) is 'How long to wait after this many failed tries.';

create function private.retry_wait(tries integer, is_awaited boolean)
returns interval
language sql
volatile
set search_path = ''
as $$
    select least(
        private.backoff(retry_wait.tries),
        case when retry_wait.is_awaited then private.poll_interval(retry_wait.tries) end
    );
$$;

comment on function private.retry_wait(integer, boolean) is
'How long a job waits after this many failed tries; not longer than a look at the provider while a
person waits for it.';

create function private.is_last_try(tries integer)
returns boolean
language sql
stable
set search_path = ''
as $$
    select is_last_try.tries + 1 >= s.job_attempts_max
    from private.settings as s;
$$;

comment on function private.is_last_try(integer) is
'Whether a job that failed this many times before is given up when it fails now.';
