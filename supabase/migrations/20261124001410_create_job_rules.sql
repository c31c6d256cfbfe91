-- Purpose: the rules by which a job waits, is held, goes on and ends.
-- Touches: type private.job_state, functions private.continued, private.retried,
--          private.expedited, private.buried.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function; drop type private.job_state.

-- The rules take values and no row: both tables of jobs follow them, and only the functions of the
-- next two files write what they say. tests/product/db/test_queue.py has the exceptions. They are
-- plpgsql, since each request passes here: a SQL function with a pinned search path is planned
-- again each time.

create type private.job_state as (
    due_at timestamptz,
    tries integer,
    last_error text,
    dead_at timestamptz
);

comment on type private.job_state is
'What becomes of a job, whose lease ends with it. Null keeps due_at, tries and last_error.';

create function private.continued(due_at timestamptz, slug text)
returns private.job_state
language plpgsql
immutable
set search_path = ''
as $$
begin
    return (continued.due_at, 0, continued.slug, null)::private.job_state;
end;
$$;

comment on function private.continued(timestamptz, text) is
'A job goes on, with all its tries before it. slug is what made it go on.';

create function private.retried(
    tries integer,
    slug text,
    due_at timestamptz,
    is_awaited boolean
)
returns private.job_state
language plpgsql
volatile
set search_path = ''
as $$
begin
    return (
        coalesce(
            retried.due_at, now() + private.retry_wait(retried.tries, retried.is_awaited)
        ),
        retried.tries + 1,
        retried.slug,
        null
    )::private.job_state;
end;
$$;

comment on function private.retried(integer, text, timestamptz, boolean) is
'A try has failed after this many others, for the reason slug: the job is tried again at this time;
null waits as long as its failed tries ask for, less while a person waits.';

create function private.expedited()
returns private.job_state
language plpgsql
stable
set search_path = ''
as $$
begin
    return (now(), null, null, null)::private.job_state;
end;
$$;

comment on function private.expedited() is
'The job is due now. Whoever holds it may have looked too early, so that lease ends.';

create function private.buried(tries integer, slug text)
returns private.job_state
language plpgsql
stable
set search_path = ''
as $$
begin
    return (null, buried.tries + 1, buried.slug, now())::private.job_state;
end;
$$;

comment on function private.buried(integer, text) is
'A job that failed this many times before is given up, and kept for a person to look at: a dead
letter.';
