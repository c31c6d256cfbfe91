-- Purpose: helpers that every later file leans on.
-- Touches: functions private.uuid_v7, private.random_code, private.tg__refuse_change.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function.

create function private.uuid_v7()
returns uuid
-- plpgsql, like all that a request calls: a SQL function with a pinned search path is planned
-- again each time.
language plpgsql
volatile
parallel safe
set search_path = ''
as $$
declare
    v_us constant bigint := (extract(epoch from clock_timestamp()) * 1000000)::bigint;
begin
    -- 48 bits of milliseconds, the version, 12 bits of the fraction, then v4's random half. The
    -- fraction keeps keys made in one millisecond in order, so the key is also the time order.
    return encode(
        overlay(
            uuid_send(gen_random_uuid())
            placing substr(int8send(v_us / 1000), 3, 6)
            || int2send((28672 + (v_us % 1000) * 4096 / 1000)::int2)
            from 1 for 8
        ),
        'hex'
    )::uuid;
end;
$$;

comment on function private.uuid_v7() is
'A version 7 UUID (RFC 9562): grows with time, so indexes stay dense and the key sorts by age.';

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

create function private.tg__refuse_change()
returns trigger
language plpgsql
volatile
set search_path = ''
as $$
begin
    raise exception using
        errcode = '42501',
        message = 'append_only',
        detail = format('%s on %s is refused to everyone.', tg_op, tg_relid::regclass),
        hint = 'Correct a wrong entry with a new entry.';
end;
$$;

comment on function private.tg__refuse_change() is
'Statement trigger for append-only tables: refuses UPDATE, DELETE and TRUNCATE to everyone.';
