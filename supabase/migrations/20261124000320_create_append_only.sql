-- Purpose: what makes a table append-only.
-- Touches: function private.tg__refuse_change.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function.

create function private.tg__refuse_change()
returns trigger
language plpgsql
volatile
set search_path = ''
as $$
begin
    raise exception using
        errcode = '42501',
        message = 'append_only',
        detail = format('%s on %s is refused to everyone.', tg_op, tg_relid::regclass),
        hint = 'Correct a wrong entry with a new entry.';
end;
$$;

comment on function private.tg__refuse_change() is
'Statement trigger for append-only tables: refuses UPDATE, DELETE and TRUNCATE to everyone.';
