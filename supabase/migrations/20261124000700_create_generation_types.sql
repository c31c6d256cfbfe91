-- Purpose: the catalogue: what can be asked for and its price, and which model makes it.
-- Touches: tables public.generation_types, private.generation_models, function
--          private.tg_generation_types__keep_key.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop table private.generation_models, public.generation_types.

create table public.generation_types (
    type_key text not null,
    title text not null,
    description text not null default '',
    cost_credits bigint not null,
    face text not null default 'optional',
    is_in_unlimited boolean not null default true,
    is_enabled boolean not null default true,

    constraint generation_types_pkey primary key (type_key),
    constraint generation_types_type_key_is_slug check (type_key ~ '^[a-z][a-z0-9_]{1,62}$'),
    constraint generation_types_cost_credits_positive check (cost_credits > 0),
    constraint generation_types_face_known check (face in ('none', 'optional', 'required'))
);

comment on table public.generation_types is 'What can be asked for, and its price in credits.';
comment on column public.generation_types.cost_credits is 'Price of one picture, in credits.';
comment on column public.generation_types.face is
'Whether a face photo is not taken (none), may be given (optional) or must be given (required).';
comment on column public.generation_types.is_in_unlimited is
'Whether an unlimited plan covers it.';

create function private.tg_generation_types__keep_key()
returns trigger
language plpgsql
stable
set search_path = ''
as $$
begin
    raise exception using
        errcode = '42501',
        message = 'type_is_kept',
        detail = format('Generations may name the type %s.', old.type_key),
        hint = 'Take it off the market instead: is_enabled = false.';
end;
$$;

comment on function private.tg_generation_types__keep_key() is
'Stands in for a foreign key from generations, which would make all requests lock one row.';

create trigger _500_keep_key
before delete on public.generation_types
for each row
execute function private.tg_generation_types__keep_key();

create trigger _500_keep_key_update
before update of type_key on public.generation_types
for each row
when (old.type_key is distinct from new.type_key)
execute function private.tg_generation_types__keep_key();

create trigger _500_keep_key_truncate
before truncate on public.generation_types
for each statement
execute function private.tg__refuse_change();

alter table public.generation_types enable row level security;

-- The price list is public: a visitor sees it before signing up.
create policy generation_types_select_all
on public.generation_types
as permissive
for select
to anon, authenticated
using (is_enabled);

comment on policy generation_types_select_all on public.generation_types is
'Everyone reads what is for sale.';

grant select on table public.generation_types to anon, authenticated;

create table private.generation_models (
    type_key text not null,
    model text not null,
    input_template jsonb not null default '{}',
    prompt_field text not null default 'prompt',
    face_field text,
    face_is_list boolean not null default false,
    expected_cost_micros bigint not null default 0,

    constraint generation_models_pkey primary key (type_key),
    constraint generation_models_type_key_fkey
    foreign key (type_key) references public.generation_types (type_key),
    constraint generation_models_model_is_owner_and_name
    check (model ~ '^[a-z0-9][a-z0-9_.-]*/[a-z0-9][a-z0-9_.-]*$'),
    constraint generation_models_input_template_is_object
    check (jsonb_typeof(input_template) = 'object'),
    constraint generation_models_expected_cost_micros_not_negative
    check (expected_cost_micros >= 0)
);

comment on table private.generation_models is 'How each generation type is made at the provider.';
comment on column private.generation_models.model is 'Replicate model, as owner/name.';
comment on column private.generation_models.input_template is
'Fixed input of the model. The prompt and the face are added; no other key comes from a person.';
comment on column private.generation_models.prompt_field is 'Input key that takes the prompt.';
comment on column private.generation_models.face_field is 'Input key that takes the face, if any.';
comment on column private.generation_models.face_is_list is
'Whether the face key takes a list of URLs.';
comment on column private.generation_models.expected_cost_micros is
'What one run costs us at the provider, in millionths of a US dollar: what the daily breaker
counts.';

alter table private.generation_models enable row level security;
