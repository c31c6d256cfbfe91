-- Purpose: keys that grow with time.
-- Touches: function private.uuid_v7.
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
