-- Purpose: attempts at the provider.
-- Touches: table private.generation_attempts.
-- Locks:   share row exclusive on public.generations, for an instant.
-- Rollout: pre.
-- Undo:    drop table private.generation_attempts.

set lock_timeout = '500ms';
set statement_timeout = '2s';

create table private.generation_attempts (
    id uuid not null default private.uuid_v7(),
    profile_id uuid not null,
    generation_id uuid not null,
    attempt_number integer not null,
    attempt_token uuid not null default gen_random_uuid(),
    preference smallint not null,
    model text not null,
    duplicate_of uuid,
    status text not null default 'submitting',
    http_status smallint,
    provider_job_id text,
    output_url text,
    provider_status text,
    provider_error text,
    predict_seconds numeric,
    expected_cost_micros bigint not null default 0,
    cost_per_second_micros bigint,
    cost_micros bigint,
    polls integer not null default 0,
    created_at timestamptz not null default now(),
    unknown_since timestamptz,
    finished_at timestamptz,

    constraint generation_attempts_pkey primary key (id),
    constraint generation_attempts_generation_id_attempt_number_key
    unique (generation_id, attempt_number),
    constraint generation_attempts_attempt_token_key unique (attempt_token),
    constraint generation_attempts_provider_job_id_key unique (provider_job_id),
    constraint generation_attempts_generation_id_fkey
    foreign key (generation_id) references public.generations (id),
    constraint generation_attempts_duplicate_of_fkey
    foreign key (duplicate_of) references private.generation_attempts (id),
    constraint generation_attempts_attempt_number_positive check (attempt_number > 0),
    constraint generation_attempts_status_known check (
        status in (
            'submitting', 'submit_unknown', 'processing',
            'succeeded', 'failed', 'canceled', 'refused', 'abandoned'
        )
    ),
    constraint generation_attempts_final_has_finished_at check (
        (status in ('submitting', 'submit_unknown', 'processing')) = (finished_at is null)
    ),
    constraint generation_attempts_processing_has_provider_job check (
        status <> 'processing' or provider_job_id is not null
    ),
    constraint generation_attempts_predict_seconds_not_negative check (predict_seconds >= 0),
    constraint generation_attempts_cost_micros_not_negative check (cost_micros >= 0)
);

create index generation_attempts_duplicate_of_idx on private.generation_attempts (duplicate_of)
where duplicate_of is not null;

comment on table private.generation_attempts is
'One row per attempt at the provider, written before the call: a crash leaves a trace, never a
surprise.';
comment on column private.generation_attempts.profile_id is 'Whose picture it is.';
comment on column private.generation_attempts.attempt_number is
'1 for the first attempt of its generation, and so on.';
comment on column private.generation_attempts.expected_cost_micros is
'What it was expected to cost when it was sent, in millionths of a US dollar.';
comment on column private.generation_attempts.cost_per_second_micros is
'Price of a second of its model by then, in millionths of a US dollar; null: sold by the picture.';
comment on column private.generation_attempts.polls is
'How often the provider was asked how it is.';
comment on column private.generation_attempts.attempt_token is
'Random; goes into the webhook URL and proves which attempt a webhook belongs to.';
comment on column private.generation_attempts.status is
'submit_unknown: the answer was lost, the provider may or may not be working on it. abandoned: its
generation went on without it.';
comment on column private.generation_attempts.preference is
'Which of the type''s models was asked; see generation_models.';
comment on column private.generation_attempts.duplicate_of is
'The attempt that the provider carried out twice: this row is its second prediction, which nobody
asked for. It is canceled, and its cost counts.';
comment on column private.generation_attempts.http_status is
'The HTTP status with which the provider refused.';
comment on column private.generation_attempts.predict_seconds is
'Seconds billed, as the provider measured them.';
comment on column private.generation_attempts.cost_micros is
'What it cost us, in millionths of a US dollar: seconds times price, or the price of a picture, as
they were when it was sent. Null until known.';

create trigger _500_check_transition
before update of status on private.generation_attempts
for each row
when (old.status is distinct from new.status)
execute function private.tg__check_transition('attempt');

alter table private.generation_attempts enable row level security;
