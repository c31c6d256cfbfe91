-- Purpose: what a person may set beside the prompt, and within which bounds.
-- Touches: table public.generation_options, functions private.option_fits, private.check_options.
-- Locks:   share row exclusive on public.generation_types, for an instant. On hosted, the auth
--          tables too: logins wait.
-- Rollout: pre.
-- Undo:    drop table public.generation_options; drop function.

set lock_timeout = '500ms';
set statement_timeout = '2s';

create table public.generation_options (
    type_key text not null,
    option_key text not null,
    title text not null,
    value_type text not null,
    minimum bigint,
    maximum bigint,
    choices text[],

    constraint generation_options_pkey primary key (type_key, option_key),
    constraint generation_options_type_key_fkey
    foreign key (type_key) references public.generation_types (type_key),
    constraint generation_options_option_key_is_slug
    check (option_key ~ '^[a-z][a-z0-9_]{0,62}$'),
    constraint generation_options_value_type_known
    check (value_type in ('integer', 'boolean', 'choice')),
    constraint generation_options_integer_has_range
    check ((value_type = 'integer') = (minimum is not null and maximum is not null)),
    constraint generation_options_range_in_order check (minimum <= maximum),
    constraint generation_options_choice_has_choices
    check ((value_type = 'choice') = (cardinality(choices) > 0))
);

comment on table public.generation_options is
'What may be given in options when a thumbnail of this type is asked for.';
comment on column public.generation_options.title is 'Its name, as people read it.';
comment on column public.generation_options.minimum is 'Least value of an integer.';
comment on column public.generation_options.maximum is 'Greatest value of an integer.';
comment on column public.generation_options.choices is 'What a choice may be.';
comment on column public.generation_options.value_type is
'integer (from minimum to maximum), boolean, or choice (one of choices).';

alter table public.generation_options enable row level security;

-- Like the price list: a visitor sees what could be asked for.
create policy generation_options_select_all
on public.generation_options
as permissive
for select
to anon, authenticated
using (true);

comment on policy generation_options_select_all on public.generation_options is
'Everyone reads what can be chosen.';

grant select on table public.generation_options to anon, authenticated;

create function private.option_fits(declared public.generation_options, given jsonb)
returns boolean
language sql
immutable
set search_path = ''
as $$
    select case option_fits.declared.value_type
        when 'boolean' then jsonb_typeof(option_fits.given) = 'boolean'
        when 'choice' then
            jsonb_typeof(option_fits.given) = 'string'
            and option_fits.given #>> '{}' = any(option_fits.declared.choices)
        when 'integer' then
            case
                when jsonb_typeof(option_fits.given) = 'number'
                then (option_fits.given #>> '{}')::numeric
                    between option_fits.declared.minimum and option_fits.declared.maximum
                    and scale(trim_scale((option_fits.given #>> '{}')::numeric)) = 0
                else false
            end
        else false
    end;
$$;

comment on function private.option_fits(public.generation_options, jsonb) is
'Whether a value is one that the option takes.';

create function private.check_options(declared public.generation_options[], options jsonb)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
declare
    v_options jsonb := coalesce(check_options.options, '{}');
    v_given record;
begin
    if v_options = '{}' then
        return v_options;
    end if;

    if jsonb_typeof(v_options) <> 'object' or pg_column_size(v_options) > 4096 then
        raise sqlstate 'PT422' using
            message = 'options_invalid',
            detail = 'The options are not a small JSON object.',
            hint = 'Send {"name": value, …}; see generation_options for the names.';
    end if;

    for v_given in
        select
            e.key,
            o as declared,
            e.value
        from jsonb_each(v_options) as e (key, value)
        left join unnest(check_options.declared) as o on e.key = o.option_key
        order by e.key
    loop
        if v_given.declared is null or not private.option_fits(v_given.declared, v_given.value) then
            raise sqlstate 'PT422' using
                message = 'options_invalid',
                detail = format(
                    'The option %s is not one of this type, or has a value that it does not take.',
                    left(v_given.key, 63)
                ),
                hint = 'Read generation_options for the names and values of this type.';
        end if;

        -- 7.0 is an integer to us, but not to every model.
        if jsonb_typeof(v_given.value) = 'number' then
            v_options := v_options || jsonb_build_object(
                v_given.key, (v_given.value #>> '{}')::numeric::bigint
            );
        end if;
    end loop;

    return v_options;
end;
$$;

comment on function private.check_options(public.generation_options[], jsonb) is
'The options of a request for a type that declares these, {} for none, or PT422 options_invalid.';
