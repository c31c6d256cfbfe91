-- Purpose: the catalogue: what can be asked for, and its price.
-- Touches: table public.generation_types, function private.tg_generation_types__keep_key.
-- Locks:   on hosted, the auth tables, for an instant: logins wait.
-- Rollout: pre.
-- Undo:    drop table public.generation_types; drop function.

set lock_timeout = '500ms';
set statement_timeout = '2s';

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
comment on column public.generation_types.title is 'Its name, as people read it.';
comment on column public.generation_types.description is 'What it is, as people read it.';
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

create trigger _900_audit_change
after insert or update or delete on public.generation_types
for each row
execute function private.tg__audit_change('type_key');

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
