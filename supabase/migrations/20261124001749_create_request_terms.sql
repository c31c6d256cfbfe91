-- Purpose: what a request is judged by: all that is the same for everybody, read at once.
-- Touches: type private.request_terms, functions private.refuse_unknown_type,
--          private.request_terms_of.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function; drop type private.request_terms.

create type private.request_terms as (
    settings private.settings,
    generation_type public.generation_types,
    model private.generation_models,
    options public.generation_options [],
    unlimited_plans public.plans [],
    max_expected_cost_micros bigint
);

comment on type private.request_terms is
'Settings, and of a type that is for sale: the type, the model that is asked first, the options that
may be given, the plans that may cover it. max_expected_cost_micros is that of the dearest model of
all, in millionths of a US dollar.';

create function private.refuse_unknown_type()
returns void
language plpgsql
-- Not immutable: whoever plans a call of it would be refused.
stable
set search_path = ''
as $$
begin
    raise sqlstate 'PT404' using
        message = 'generation_type_not_found',
        detail = 'There is no such generation type.',
        hint = 'Read generation_types for what there is.';
end;
$$;

comment on function private.refuse_unknown_type() is
'Refuses with PT404 generation_type_not_found.';

create function private.request_terms_of(generation_type text)
returns private.request_terms
language plpgsql
stable
set search_path = ''
as $$
declare
    v_terms private.request_terms;
begin
    select
        s,
        t,
        m,
        array(
            select o
            from public.generation_options as o
            where o.type_key = t.type_key
        ),
        case when t.is_in_unlimited then
            array(
                select p
                from public.plans as p
                where p.is_unlimited
            )
        end,
        (select max(o.expected_cost_micros) from private.generation_models as o)
    into v_terms
    from private.settings as s
    left join public.generation_types as t
        on t.type_key = request_terms_of.generation_type and t.is_enabled
    left join lateral private.find_model(t.type_key) as m on true;

    return v_terms;
end;
$$;

comment on function private.request_terms_of(text) is
'What a request for this type is judged by, in one statement: it reads nobody''s rows. Type and
model are null when it is not for sale.';
