-- Purpose: appending an entry is the only way that credits move, for every role.
-- Touches: functions private.tg__ledger_only, private.tg_credit_entries__*,
--          private.tg_credit_lots__grant, triggers on public.credit_entries, public.credit_lots,
--          public.profiles.
-- Locks:   share row exclusive on public.credit_entries, public.credit_lots, public.profiles, for
--          an instant.
-- Rollout: pre.
-- Undo:    none: this is what makes the balance true.

set lock_timeout = '500ms';
set statement_timeout = '2s';

create function private.tg_credit_entries__apply()
returns trigger
language plpgsql
volatile
set search_path = ''
as $$
begin
    -- Updated before the entry is inserted: the foreign keys then find the rows locked already.
    update public.profiles as p
    set
        credits = p.credits + new.amount,
        debt = p.debt + new.debt,
        entry_count = p.entry_count + 1
    where p.id = new.profile_id
    returning p.entry_count, p.credits into new.entry_number, new.balance_after;

    -- The balance has moved already: "on conflict do nothing" would drop the entry and leave that.
    if exists (
        select
        from public.credit_entries as e
        where e.lot_id = new.lot_id
            and e.kind = new.kind
            and (e.generation_id = new.generation_id or new.kind = 'grant')
    ) then
        raise unique_violation using
            message = 'entry_exists',
            detail = format('Lot %s has its %s already.', new.lot_id, new.kind),
            constraint = 'credit_entries_generation_id_lot_id_kind_key';
    end if;

    -- A new lot brings its credits along.
    if new.kind <> 'grant' then
        update public.credit_lots as l
        set
            remaining = l.remaining + new.amount,
            exhausted_at = case when l.remaining + new.amount = 0 then now() end
        where l.id = new.lot_id
            and l.profile_id = new.profile_id;

        if not found then
            raise foreign_key_violation using
                message = 'lot_of_another_profile',
                detail = format('Lot %s is not one of %s.', new.lot_id, new.profile_id);
        end if;
    end if;

    -- A repayment lowers the debt by what it takes, so it leaves clawed_back as it is.
    if new.kind in ('claw_back', 'repay', 'reinstate') then
        update public.credit_lots as l
        set
            clawed_back = l.clawed_back + new.debt - new.amount,
            owed = l.owed + new.debt
        where l.id = coalesce(new.debt_lot_id, new.lot_id)
            and l.profile_id = new.profile_id;

        if not found then
            raise foreign_key_violation using
                message = 'lot_of_another_profile',
                detail = format('Lot %s is not one of %s.', new.debt_lot_id, new.profile_id);
        end if;
    end if;

    return new;
end;
$$;

comment on function private.tg_credit_entries__apply() is
'Gives a new entry its number and its balance, and moves its lot and its profile by it.';

create trigger _100_apply
before insert on public.credit_entries
for each row
execute function private.tg_credit_entries__apply();

create function private.tg_credit_entries__refund_is_covered()
returns trigger
language plpgsql
stable
set search_path = ''
as $$
begin
    if not exists (
        select
        from public.credit_entries as e
        where e.generation_id = new.generation_id
            and e.lot_id = new.lot_id
            and e.profile_id = new.profile_id
            and e.kind = 'spend'
            and e.amount <= -new.amount
    ) then
        raise exception using
            errcode = 'check_violation',
            message = 'refund_exceeds_spend',
            detail = format(
                'Generation %s did not take %s credits from lot %s.',
                new.generation_id, new.amount, new.lot_id
            );
    end if;
    return null;
end;
$$;

comment on function private.tg_credit_entries__refund_is_covered() is
'Refuses a refund of more than the generation took from the lot.';

create constraint trigger _500_refund_is_covered
after insert on public.credit_entries
for each row
when (new.kind = 'refund')
execute function private.tg_credit_entries__refund_is_covered();

create function private.tg_credit_entries__restore_is_covered()
returns trigger
language plpgsql
-- volatile, so that it sees the new entry
volatile
set search_path = ''
as $$
declare
    v_left bigint;
    v_restored bigint;
begin
    select
        sum(e.amount),
        sum(e.amount) filter (where e.kind = 'restore')
    into v_left, v_restored
    from public.credit_entries as e
    where e.lot_id = new.lot_id
        and e.kind in ('expire', 'revoke', 'restore');

    if v_left > 0 or v_restored < 0 then
        raise exception using
            errcode = 'check_violation',
            message = 'restore_exceeds_loss',
            detail = format('Lot %s did not lose %s credits.', new.lot_id, abs(new.amount));
    end if;
    return null;
end;
$$;

comment on function private.tg_credit_entries__restore_is_covered() is
'Refuses to restore more than expired or was revoked, and to undo more than was restored.';

create constraint trigger _500_restore_is_covered
after insert on public.credit_entries
for each row
when (new.kind = 'restore')
execute function private.tg_credit_entries__restore_is_covered();

create function private.tg_credit_lots__grant()
returns trigger
language plpgsql
volatile
set search_path = ''
as $$
begin
    insert into public.credit_entries (profile_id, lot_id, amount, kind)
    values (new.profile_id, new.id, new.amount, 'grant');
    return null;
end;
$$;

comment on function private.tg_credit_lots__grant() is 'Writes the grant entry of a new lot.';

create trigger _500_grant
after insert on public.credit_lots
for each row
execute function private.tg_credit_lots__grant();

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
