-- Purpose: a prediction is asked for more often.
-- Touches: function private.poll_interval.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    the function as it was.

create or replace function private.poll_interval(polls integer)
returns interval
language sql
immutable
set search_path = ''
as $$
    select case
        when poll_interval.polls < 10 then interval '1 second'
        else interval '10 seconds'
    end;
$$;
