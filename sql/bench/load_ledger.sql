-- Loads :profiles people with a consistent history of :rows ledger entries, set by set.
--
-- Everybody has one large lot that never expires; each spend has paid for one generation that has
-- succeeded. Person 1, the hot one, owns :hot_rows of the entries. History is written in the order
-- of time, as a year of real use would have left it on the pages. Triggers and foreign keys sleep
-- meanwhile (session_replication_role), so this needs the superuser, and sql/checks afterwards.
set session_replication_role = 'replica';

-- One row per spend: the hot person's beside everybody else's turns.
create unlogged table bench.history as
with spends as (
    select
        1 as person,
        t.turn
    from generate_series(1, :hot_rows::bigint - 1) as t (turn)
    union all
    select
        s.number % (:profiles::bigint - 1) + 2 as person,
        s.number / (:profiles::bigint - 1) + 1 as turn
    from generate_series(0, :rows::bigint - :hot_rows - :profiles) as s (number)
),

-- The turns of the hot person are spread over the whole time.
timed as (
    select
        s.person,
        s.turn,
        s.turn::double precision / max(s.turn) over (partition by s.person = 1) as moment
    from spends as s
),

numbered as (
    select
        t.person,
        t.turn,
        row_number() over (order by t.moment, t.person) as spend_number,
        now() - interval '365 days' * (1 - t.moment * 0.99) as created_at
    from timed as t
)

select
    n.person,
    n.turn,
    n.created_at,
    bench.person_id(n.person) as profile_id,
    -- A version 7 key of that moment, as private.uuid_v7() would have made it.
    (
        lpad(to_hex((extract(epoch from n.created_at) * 1000)::bigint), 12, '0')
        || '70008000'
        || lpad(to_hex(n.spend_number), 12, '0')
    )::uuid as generation_id
from numbered as n
order by n.spend_number;

create unlogged table bench.people as
select
    p.person,
    bench.person_id(p.person) as profile_id,
    1000000000::bigint as granted,
    count(h.turn) as spends,
    count(h.turn) * t.cost_credits as spent
from generate_series(1, :profiles::bigint) as p (person)
inner join public.generation_types as t on t.type_key = 'thumbnail'
left join bench.history as h on p.person = h.person
group by p.person, t.cost_credits
order by p.person;

insert into auth.users (id, aud, role, email, raw_user_meta_data)
select
    p.profile_id,
    'authenticated',
    'authenticated',
    'person' || p.person || '@bench.example',
    '{}'
from bench.people as p
order by p.person;

insert into public.profiles (id, credits, entry_count, referral_code, created_at)
select
    p.profile_id,
    p.granted - p.spent,
    p.spends + 1,
    'BENCH' || p.person,
    now() - interval '366 days'
from bench.people as p
order by p.person;

insert into public.credit_lots (profile_id, source, grant_key, amount, remaining, created_at)
select
    p.profile_id,
    'sign_up',
    'sign_up:' || p.profile_id,
    p.granted,
    p.granted - p.spent,
    now() - interval '366 days'
from bench.people as p
order by p.person;

insert into public.generations (
    id, profile_id, generation_type, status, prompt, credit_cost, output_path, idempotency_key,
    deadline_at, created_at, finished_at
)
select
    h.generation_id,
    h.profile_id,
    t.type_key,
    'succeeded',
    'a cat on a rocket above the clouds, wide open eyes, bold yellow headline',
    t.cost_credits,
    h.profile_id || '/' || h.generation_id || '.png',
    gen_random_uuid(),
    h.created_at + interval '10 minutes',
    h.created_at,
    h.created_at + interval '20 seconds'
from bench.history as h
inner join public.generation_types as t on t.type_key = 'thumbnail';

insert into public.credit_entries (
    profile_id, entry_number, lot_id, amount, kind, balance_after, created_at
)
select
    p.profile_id,
    1,
    l.id,
    p.granted,
    'grant',
    p.granted,
    l.created_at
from bench.people as p
inner join public.credit_lots as l on l.grant_key = 'sign_up:' || p.profile_id;

insert into public.credit_entries (
    profile_id, entry_number, lot_id, amount, kind, generation_id, balance_after, created_at
)
select
    h.profile_id,
    h.turn + 1,
    l.id,
    -t.cost_credits,
    'spend',
    h.generation_id,
    l.amount - h.turn * t.cost_credits,
    h.created_at
from bench.history as h
inner join public.generation_types as t on t.type_key = 'thumbnail'
inner join public.credit_lots as l on l.grant_key = 'sign_up:' || h.profile_id
order by h.generation_id;

drop table bench.history, bench.people;

vacuum analyze;
