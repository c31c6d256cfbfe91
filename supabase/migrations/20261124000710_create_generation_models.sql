-- Purpose: which models make a generation type, in which order they are tried, and at what cost.
-- Touches: table private.generation_models, function private.find_model.
-- Locks:   share row exclusive on public.generation_types, for an instant.
-- Rollout: pre.
-- Undo:    drop function private.find_model; drop table private.generation_models.

set lock_timeout = '500ms';
set statement_timeout = '2s';

create table private.generation_models (
    type_key text not null,
    preference smallint not null default 1,
    model text not null,
    input_template jsonb not null default '{}',
    prompt_field text not null default 'prompt',
    face_field text,
    face_is_list boolean not null default false,
    option_fields jsonb not null default '{}',
    output_pointer text[],
    expected_cost_micros bigint not null default 0,
    cost_per_second_micros bigint,
    deadline interval,
    is_enabled boolean not null default true,

    constraint generation_models_pkey primary key (type_key, preference),
    constraint generation_models_type_key_model_key unique (type_key, model),
    constraint generation_models_type_key_fkey
    foreign key (type_key) references public.generation_types (type_key),
    constraint generation_models_preference_positive check (preference > 0),
    constraint generation_models_model_is_reference
    check (model ~ '^[a-z0-9][a-z0-9_.-]*/[a-z0-9][a-z0-9_.-]*(:[0-9a-f]{64})?$'),
    constraint generation_models_input_template_is_object
    check (jsonb_typeof(input_template) = 'object'),
    constraint generation_models_option_fields_is_object
    check (jsonb_typeof(option_fields) = 'object'),
    -- What a person says must not reach a key that the template or another part already holds.
    constraint generation_models_keys_are_apart check (
        not input_template ? prompt_field
        and face_field is distinct from prompt_field
        and not jsonb_path_exists(
            option_fields,
            '$.* ? (@ == $prompt || @ == $face)',
            jsonb_build_object('prompt', prompt_field, 'face', coalesce(face_field, prompt_field))
        )
    ),
    constraint generation_models_expected_cost_micros_not_negative
    check (expected_cost_micros >= 0),
    constraint generation_models_cost_per_second_micros_not_negative
    check (cost_per_second_micros >= 0),
    constraint generation_models_deadline_in_range
    check (deadline between interval '1 second' and interval '1 hour')
);

comment on table private.generation_models is
'How each generation type is made at the provider. The enabled model of the lowest preference is
asked first; the next one when the provider fails, at no further charge.';
comment on column private.generation_models.preference is '1 is asked first.';
comment on column private.generation_models.model is
'Replicate model: owner/name, or owner/name:version of 64 hex digits for a community model.';
comment on column private.generation_models.input_template is
'Fixed input of the model. Prompt, face and options are added; no other key comes from a person.';
comment on column private.generation_models.prompt_field is 'Input key that takes the prompt.';
comment on column private.generation_models.face_field is 'Input key that takes the face, if any.';
comment on column private.generation_models.face_is_list is
'Whether the face key takes a list of URLs.';
comment on column private.generation_models.option_fields is
'Which input key takes which option of generation_options: {option: input key}. An option that is
not named here is left out: a second model need not know all that the first one does.';
comment on column private.generation_models.output_pointer is
'Where the file''s URL is in the output, as a path for #>>; null finds it: a URI, the first of a
list, or the key url of an object.';
comment on column private.generation_models.expected_cost_micros is
'What one picture costs us at the provider, in millionths of a US dollar: what the daily breaker
counts, and the cost of a run where no price per second is given.';
comment on column private.generation_models.cost_per_second_micros is
'Price of a second of work, in millionths of a US dollar; null: priced by the picture.';
comment on column private.generation_models.deadline is
'How long a picture may take before the credits go back; null: settings.generation_deadline. Of the
first model, the others share it.';
comment on column private.generation_models.is_enabled is
'Whether it is asked. A type without an enabled model is not for sale.';

create trigger _900_audit_change
after insert or update or delete on private.generation_models
for each row
execute function private.tg__audit_change('type_key', 'preference');

alter table private.generation_models enable row level security;

create function private.find_model(type_key text, after_preference integer default 0)
returns private.generation_models
language sql
stable
set search_path = ''
as $$
    select m.*
    from private.generation_models as m
    where m.type_key = find_model.type_key
        and m.preference > find_model.after_preference
        and m.is_enabled
    order by m.preference
    limit 1;
$$;

comment on function private.find_model(text, integer) is
'The model to ask: the first that is enabled, or the next one after a preference; null when there is
none.';
