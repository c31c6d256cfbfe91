-- Purpose: codes that nobody guesses.
-- Touches: function private.random_code.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function.

create function private.random_code(length integer)
returns text
language sql
volatile
set search_path = ''
as $$
    -- 30 letters and digits that nobody confuses when reading them aloud (no 0 O 1 I L U).
    -- gen_random_uuid() draws from the strong random source; random() is guessable.
    select string_agg(
        substr(
            '23456789ABCDEFGHJKMNPQRSTVWXYZ',
            1 + (get_byte(uuid_send(gen_random_uuid()), 15) % 30),
            1
        ),
        ''
    )
    from generate_series(1, random_code.length);
$$;

comment on function private.random_code(integer) is
'A random code of the given length from an alphabet without look-alikes.';
