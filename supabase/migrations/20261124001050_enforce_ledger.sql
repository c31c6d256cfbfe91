-- Purpose: an entry of the ledger moves its lot and its balance.
-- Touches: functions private.tg_credit_entries__apply, private.tg_credit_lots__grant, triggers on
--          public.credit_entries, public.credit_lots.
-- Locks:   share row exclusive on public.credit_entries, public.credit_lots, for an instant.
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
declare
    v_now constant timestamptz := now();
    v_is_there boolean := false;
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
    -- Asked by the columns of the key each time, or a long history would be read.
    if new.kind = 'grant' then
        v_is_there := exists (
            select
            from public.credit_entries as e
            where e.profile_id = new.profile_id
                and e.lot_id = new.lot_id
                and e.kind = 'grant'
        );
    elsif new.generation_id is not null then
        v_is_there := exists (
            select
            from public.credit_entries as e
            where e.profile_id = new.profile_id
                and e.generation_id = new.generation_id
                and e.lot_id = new.lot_id
                and e.kind = new.kind
        );
    end if;

    if v_is_there then
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
            exhausted_at = case when l.remaining + new.amount = 0 then v_now end
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
