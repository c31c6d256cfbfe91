-- Purpose: appending an entry is the only way that credits move, for every role.
-- Touches: function private.tg__ledger_only, triggers on public.profiles, public.credit_lots.
-- Locks:   share row exclusive on public.credit_lots, public.profiles, for an instant.
-- Rollout: pre.
-- Undo:    none: this is what makes the balance true.

set lock_timeout = '500ms';
set statement_timeout = '2s';

create function private.tg__ledger_only()
returns trigger
language plpgsql
stable
set search_path = ''
as $$
begin
    raise exception using
        errcode = '42501',
        message = 'ledger_only',
        detail = format('%s of %s would bypass the ledger.', tg_op, tg_relid::regclass),
        hint = 'Insert an entry into public.credit_entries: the balances follow.';
end;
$$;

comment on function private.tg__ledger_only() is
'Refuses to everyone what only the trigger of public.credit_entries may do.';

-- The trigger of the entries updates from inside a trigger; everybody else from depth 0.
create trigger _500_ledger_only
before update of credits, debt, entry_count on public.profiles
for each row
when (
    pg_trigger_depth() = 0
    and (old.credits, old.debt, old.entry_count)
    is distinct from (new.credits, new.debt, new.entry_count)
)
execute function private.tg__ledger_only();

create trigger _500_ledger_only_insert
before insert on public.profiles
for each row
when (new.credits <> 0 or new.debt <> 0 or new.entry_count <> 0)
execute function private.tg__ledger_only();

create trigger _500_ledger_only_truncate
before truncate on public.profiles
for each statement
execute function private.tg__ledger_only();

create trigger _500_ledger_only
before update of profile_id, amount, remaining, clawed_back, owed, exhausted_at, grant_key, source
on public.credit_lots
for each row
when (
    pg_trigger_depth() = 0
    and (
        old.profile_id, old.amount, old.remaining, old.clawed_back, old.owed, old.exhausted_at,
        old.grant_key, old.source
    )
    is distinct from (
        new.profile_id, new.amount, new.remaining, new.clawed_back, new.owed, new.exhausted_at,
        new.grant_key, new.source
    )
)
execute function private.tg__ledger_only();

create trigger _500_ledger_only_insert
before insert on public.credit_lots
for each row
when (
    new.remaining <> new.amount or new.clawed_back <> 0 or new.owed <> 0
    or new.exhausted_at is not null
)
execute function private.tg__ledger_only();

create trigger _500_ledger_only_delete
before delete or truncate on public.credit_lots
for each statement
execute function private.tg__ledger_only();
