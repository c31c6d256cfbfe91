-- What a profile owes equals the sum of the debts in its ledger, and what its lots say is owed.
-- Then: list the entries with a debt; the ledger decides. Correct debt or owed in one reviewed
-- transaction, and find who wrote past the ledger.
with ledger as (
    select
        e.profile_id,
        sum(e.debt) as debt
    from public.credit_entries as e
    group by e.profile_id
),

lots as (
    select
        l.profile_id,
        sum(l.owed) as owed
    from public.credit_lots as l
    group by l.profile_id
)

select
    p.id as profile_id,
    p.debt,
    coalesce(e.debt, 0) as entries,
    coalesce(l.owed, 0) as lots
from public.profiles as p
left join ledger as e on p.id = e.profile_id
left join lots as l on p.id = l.profile_id
where
    p.debt <> coalesce(e.debt, 0)
    or p.debt <> coalesce(l.owed, 0)
order by p.id;
