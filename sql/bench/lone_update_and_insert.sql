-- The floor with a trace: the same change, and one row that says so, in one statement.
\set person random(:first, :last)
with charged as (
    update bench.accounts
    set credits = credits - 10
    where id = :person and credits >= 10
    returning id
)

insert into bench.movements (account_id, amount)
select
    c.id,
    -10
from charged as c;
