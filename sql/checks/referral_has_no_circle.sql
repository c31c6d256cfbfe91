-- Nobody was brought, directly or through others, by somebody they brought.
-- Then: take one referred_by of the circle away, the latest, and revoke the bonus that it paid.
with recursive chain as (
    select
        p.id,
        p.referred_by,
        1 as depth
    from public.profiles as p
    where p.referred_by is not null

    union all

    select
        c.id,
        p.referred_by,
        c.depth + 1 as depth
    from chain as c
    inner join public.profiles as p on c.referred_by = p.id
    where p.referred_by is not null and c.id <> c.referred_by and c.depth < 1000
)

select distinct c.id as profile_id
from chain as c
where c.id = c.referred_by
order by c.id;
