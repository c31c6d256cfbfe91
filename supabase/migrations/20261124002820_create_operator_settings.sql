-- Purpose: what an operator may set, with who and why.
-- Touches: functions private.type_of_setting, private.operator_set_setting.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function.

-- Nobody is granted EXECUTE: this is for the role that owns it, through `thumbsmith settings`.

create function private.type_of_setting(setting text)
returns regtype
language plpgsql
stable
set search_path = ''
as $$
declare
    v_type constant regtype := (
        select a.atttypid
        from pg_attribute as a
        where a.attrelid = 'private.settings'::regclass
            and a.attnum > 0
            and not a.attisdropped
            and a.attname = type_of_setting.setting
            and a.attname <> 'id'
    );
begin
    if v_type is null then
        raise sqlstate 'PT404' using
            message = 'setting_not_found',
            detail = 'There is no such setting.',
            hint = 'See what there is with: thumbsmith settings list';
    end if;

    return v_type;
end;
$$;

comment on function private.type_of_setting(text) is
'The type of a column of private.settings. Refuses with PT404 setting_not_found.';

create function private.operator_set_setting(setting text, value text, who text, why text)
returns jsonb
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_type constant regtype := private.type_of_setting(operator_set_setting.setting);
    v_before jsonb;
    v_after jsonb;
    v_constraint text;
begin
    perform private.check_reason(operator_set_setting.who, operator_set_setting.why);

    select to_jsonb(s) -> operator_set_setting.setting into v_before
    from private.settings as s
    for no key update;

    -- The trigger of the table writes them into the audit log.
    perform
        set_config('thumbsmith.who', operator_set_setting.who, true),
        set_config('thumbsmith.why', operator_set_setting.why, true);

    execute format(
        'update private.settings as s set %I = cast($1 as %s) where s.id'
        ' returning to_jsonb(s) -> $2',
        operator_set_setting.setting, v_type
    )
    into v_after
    using operator_set_setting.value, operator_set_setting.setting;

    return jsonb_build_object('before', v_before, 'after', v_after);
exception
    -- Its message would repeat the whole row.
    when check_violation or not_null_violation then
        get stacked diagnostics v_constraint = constraint_name;

        raise sqlstate 'PT422' using
            message = 'setting_out_of_range',
            detail = format(
                '%s does not take %s: %s.', operator_set_setting.setting,
                coalesce(operator_set_setting.value, 'null'),
                coalesce(nullif(v_constraint, ''), 'it is required')
            ),
            hint = 'docs/settings.md says what each setting takes.';
end;
$$;

comment on function private.operator_set_setting(text, text, text, text) is
'Changes a setting; null takes a limit away. Returns its value before and after; the audit log has
a row unless they are the same. PT404 setting_not_found; PT422 reason_required,
setting_out_of_range.';
