-- Purpose: a breaker on what the provider may cost in a day.
-- Touches: table private.provider_spend, functions private.provider_spend_of,
--          private.add_provider_spend, private.refuse_daily_capacity,
--          private.reserve_provider_spend, private.count_provider_spend.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop table private.provider_spend; drop function.

create table private.provider_spend (
    day date not null,
    shard smallint not null,
    micros bigint not null default 0,

    constraint provider_spend_pkey primary key (day, shard),
    constraint provider_spend_shard_in_range check (shard between 0 and 15),
    constraint provider_spend_micros_not_negative check (micros >= 0)
)
with (fillfactor = 50);

comment on table private.provider_spend is
'Expected spend at the provider per day (UTC), in millionths of a US dollar. The sum of the sixteen
shards counts: one row would make all requests of the database follow each other.';
comment on column private.provider_spend.micros is 'Millionths of a US dollar.';

alter table private.provider_spend enable row level security;

create function private.provider_spend_of(day date)
returns bigint
language plpgsql
-- volatile: it has to see what others have committed since the statement began
volatile
set search_path = ''
as $$
begin
    return (
        select coalesce(sum(s.micros), 0)
        from private.provider_spend as s
        where s.day = provider_spend_of.day
    );
end;
$$;

comment on function private.provider_spend_of(date) is
'Expected spend of a day so far, in millionths of a US dollar.';

create function private.add_provider_spend(day date, shard integer, micros bigint)
returns void
language plpgsql
volatile
set search_path = ''
as $$
begin
    loop
        update private.provider_spend as s
        set micros = s.micros + add_provider_spend.micros
        where s.day = add_provider_spend.day
            and s.shard = add_provider_spend.shard;

        exit when found;

        insert into private.provider_spend (day, shard)
        select
            add_provider_spend.day,
            n.shard
        from generate_series(0, 15) as n (shard)
        on conflict on constraint provider_spend_pkey do nothing;
    end loop;
end;
$$;

comment on function private.add_provider_spend(date, integer, bigint) is
'Adds to one shard of a day; the first of a day makes its rows.';

create function private.refuse_daily_capacity(retry_after_seconds integer)
returns void
language plpgsql
volatile
set search_path = ''
as $$
begin
    perform private.refuse_for_now(
        'daily_capacity_reached',
        'No more thumbnails can be made today.',
        'Wait as long as Retry-After says, and try again with the same idempotency_key.',
        refuse_daily_capacity.retry_after_seconds
    );
end;
$$;

comment on function private.refuse_daily_capacity(integer) is 'The breaker''s refusal.';

create function private.reserve_provider_spend(micros bigint, terms private.request_terms)
returns void
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_day constant date := (now() at time zone 'utc')::date;
    v_max constant bigint :=
        (reserve_provider_spend.terms.settings).max_provider_spend_per_day_micros;
    v_in_flight constant bigint :=
        16 * coalesce(reserve_provider_spend.terms.max_expected_cost_micros, 0);
begin
    if v_max is null or reserve_provider_spend.micros = 0 then
        return;
    end if;

    -- Far from the limit each session adds to a shard of its own. What others have added and not
    -- committed is invisible: at most one request a shard.
    if private.provider_spend_of(v_day) + reserve_provider_spend.micros + v_in_flight <= v_max then
        perform private.add_provider_spend(
            v_day, pg_backend_pid() % 16, reserve_provider_spend.micros
        );
        if private.provider_spend_of(v_day) + v_in_flight <= v_max then
            return;
        end if;
        -- The limit came near between two statements: the next try goes the exact way.
        perform private.refuse_daily_capacity(1);
    end if;

    -- Near the limit all shards are locked, in order, and the sum is exact.
    perform private.add_provider_spend(v_day, 0, 0);
    perform
    from private.provider_spend as s
    where s.day = v_day
    order by s.shard
    for no key update;

    if private.provider_spend_of(v_day) + reserve_provider_spend.micros > v_max then
        perform private.refuse_daily_capacity(
            ceil(extract(
                epoch from (v_day + 1)::timestamp at time zone 'utc' - now()
            ))::integer
        );
    end if;

    perform private.add_provider_spend(v_day, 0, reserve_provider_spend.micros);
end;
$$;

comment on function private.reserve_provider_spend(bigint, private.request_terms) is
'Counts the expected cost of an attempt, or refuses with 429 daily_capacity_reached until the day is
over. Never admits more than settings.max_provider_spend_per_day_micros, however many ask at once.';

create function private.count_provider_spend(micros bigint)
returns void
language sql
volatile
set search_path = ''
as $$
    select private.add_provider_spend(
        (now() at time zone 'utc')::date, pg_backend_pid() % 16, count_provider_spend.micros
    );
$$;

comment on function private.count_provider_spend(bigint) is
'Counts a further attempt of a request that was let in, without refusing it.';
