-- Purpose: a change of a setting, a plan or a price leaves a row in the audit log.
-- Touches: functions private.changed_columns, private.tg__audit_change.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function.

create function private.changed_columns(this jsonb, other jsonb)
returns jsonb
language sql
immutable
set search_path = ''
as $$
    select coalesce(jsonb_object_agg(c.key, c.value), jsonb_build_object())
    from jsonb_each(changed_columns.this) as c
    where c.value is distinct from changed_columns.other -> c.key;
$$;

comment on function private.changed_columns(jsonb, jsonb) is
'What one row has otherwise than the other, by column.';

create function private.tg__audit_change()
returns trigger
language plpgsql
volatile
-- security definer because whoever may change a row need not be allowed to write the log
security definer
set search_path = ''
as $$
declare
    v_before constant jsonb := coalesce(to_jsonb(old), jsonb_build_object());
    v_after constant jsonb := coalesce(to_jsonb(new), jsonb_build_object());
begin
    if v_before = v_after then
        return null;
    end if;

    perform private.audit(
        coalesce(nullif(current_setting('thumbsmith.who', true), ''), session_user),
        'change_' || tg_table_name,
        coalesce(nullif(current_setting('thumbsmith.why', true), ''), 'no reason given'),
        'change:' || gen_random_uuid(),
        details => jsonb_build_object(
            'operation', lower(tg_op),
            'key', (
                select jsonb_object_agg(k.name, (v_before || v_after) -> k.name)
                from unnest(tg_argv) as k (name)
            ),
            'before', private.changed_columns(v_before, v_after),
            'after', private.changed_columns(v_after, v_before)
        )
    );

    return null;
end;
$$;

comment on function private.tg__audit_change() is
'Writes what was changed in a row into private.audit_log; its arguments are the columns of the
table''s key. Who and why are those of the transaction: set local thumbsmith.who, thumbsmith.why.
Without them the name of the login stands there, and that no reason was given.';
