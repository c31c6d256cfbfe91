-- What the measurements need beside the product: a schema of their own, a number for every person,
-- the accounts of the floor. The product's schema stays as the migrations made it.
set role postgres;

create schema bench;
grant usage on schema bench to authenticator;

create function bench.person_id(person bigint)
returns uuid
language sql
immutable
parallel safe
return ('be000000-0000-4000-8000-' || lpad(to_hex(person), 12, '0'))::uuid;

grant execute on function bench.person_id(bigint) to authenticator;

-- The cheapest durable change of a balance: half of each page is free, so it stays HOT.
create table bench.accounts (
    id bigint not null,
    credits bigint not null,

    constraint accounts_pkey primary key (id),
    constraint accounts_credits_not_negative check (credits >= 0)
)
with (fillfactor = 50);

insert into bench.accounts (id, credits)
select
    n.id,
    1000000000
from generate_series(1, :profiles::bigint) as n (id);

create table bench.movements (
    id bigint not null generated always as identity,
    account_id bigint not null,
    amount bigint not null,

    constraint movements_pkey primary key (id)
);
