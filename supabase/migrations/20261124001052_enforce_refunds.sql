-- Purpose: no more comes back than was spent or taken.
-- Touches: functions private.tg_credit_entries__refund_is_covered,
--          private.tg_credit_entries__restore_is_covered, triggers on public.credit_entries.
-- Locks:   share row exclusive on public.credit_entries, for an instant.
-- Rollout: pre.
-- Undo:    none: this is what makes the balance true.

set lock_timeout = '500ms';
set statement_timeout = '2s';

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
    where e.profile_id = new.profile_id
        and e.lot_id = new.lot_id
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
