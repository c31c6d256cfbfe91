-- Purpose: attempts at the provider.
-- Touches: table private.generation_runs.
-- Locks:   share row exclusive on public.generations, for an instant.
-- Rollout: pre.
-- Undo:    drop table private.generation_runs.

set lock_timeout = '500ms';
set statement_timeout = '2s';

create table private.generation_runs (
    id uuid not null default private.uuid_v7(),
    generation_id uuid not null,
    attempt integer not null,
    attempt_token uuid not null default gen_random_uuid(),
    preference smallint not null,
    model text not null,
    twin_of uuid,
    status text not null default 'submitting',
    http_status smallint,
    prediction_id text,
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

    constraint generation_runs_pkey primary key (id),
    constraint generation_runs_generation_id_attempt_key unique (generation_id, attempt),
    constraint generation_runs_attempt_token_key unique (attempt_token),
    constraint generation_runs_prediction_id_key unique (prediction_id),
    constraint generation_runs_generation_id_fkey
    foreign key (generation_id) references public.generations (id),
    constraint generation_runs_twin_of_fkey
    foreign key (twin_of) references private.generation_runs (id),
    constraint generation_runs_attempt_positive check (attempt > 0),
    constraint generation_runs_status_known check (
        status in (
            'submitting', 'submit_unknown', 'processing',
            'succeeded', 'failed', 'canceled', 'refused', 'abandoned'
        )
    ),
    constraint generation_runs_final_has_finished_at check (
        (status in ('submitting', 'submit_unknown', 'processing')) = (finished_at is null)
    ),
    constraint generation_runs_processing_has_prediction check (
        status <> 'processing' or prediction_id is not null
    ),
    constraint generation_runs_predict_seconds_not_negative check (predict_seconds >= 0),
    constraint generation_runs_cost_micros_not_negative check (cost_micros >= 0)
);

create index generation_runs_twin_of_idx on private.generation_runs (twin_of)
where twin_of is not null;

comment on table private.generation_runs is
'One row per attempt at the provider, written before the call: a crash leaves a trace, never a
surprise.';
comment on column private.generation_runs.attempt is
'1 for the first attempt of its generation, and so on.';
comment on column private.generation_runs.expected_cost_micros is
'What it was expected to cost when it was sent, in millionths of a US dollar.';
comment on column private.generation_runs.cost_per_second_micros is
'Price of a second of its model by then, in millionths of a US dollar; null: sold by the picture.';
comment on column private.generation_runs.polls is 'How often the provider was asked how it is.';
comment on column private.generation_runs.attempt_token is
'Random; goes into the webhook URL and proves which attempt a webhook belongs to.';
comment on column private.generation_runs.status is
'submit_unknown: the answer was lost, the provider may or may not be working on it. abandoned: its
generation went on without it.';
comment on column private.generation_runs.preference is
'Which of the type''s models was asked; see generation_models.';
comment on column private.generation_runs.twin_of is
'The attempt that the provider carried out twice: this row is its second prediction, which nobody
asked for. It is cancelled, and its cost counts.';
comment on column private.generation_runs.http_status is
'The HTTP status with which the provider refused.';
comment on column private.generation_runs.predict_seconds is
'Seconds billed, as the provider measured them.';
comment on column private.generation_runs.cost_micros is
'What it cost us, in millionths of a US dollar: seconds times price, or the price of a picture, as
they were when it was sent. Null until known.';

create trigger _500_move_forward
before update of status on private.generation_runs
for each row
when (old.status is distinct from new.status)
execute function private.tg__move_forward('attempt');

alter table private.generation_runs enable row level security;
