-- The floor: one durable, conditional change of one balance. Nothing that deducts can be cheaper.
\set person random(:first, :last)
update bench.accounts
set credits = credits - 10
where id = :person and credits >= 10;
