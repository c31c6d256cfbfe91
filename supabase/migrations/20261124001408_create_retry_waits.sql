-- Purpose: how long a job waits for its next try.
-- Touches: functions private.poll_interval, private.backoff.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function.

-- They take ids and values and no row, so that another table of jobs can follow the same rules. No
-- other function changes or deletes a job; tests/product/db/test_queue.py has the exceptions.
-- plpgsql, since every request passes here: a SQL function with a pinned search path is planned
-- again each time.

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
