-- Purpose: one row per thumbnail asked for.
-- Touches: table public.generations.
-- Locks:   share row exclusive on public.profiles, public.user_images, for an instant. On hosted,
--          the auth tables too: logins wait.
-- Rollout: pre.
-- Undo:    drop table public.generations.

set lock_timeout = '500ms';
set statement_timeout = '2s';

create table public.generations (
    id uuid not null default private.uuid_v7(),
    profile_id uuid not null,
    generation_type text not null,
    status text not null default 'queued',
    prompt text not null,
    user_image_id uuid,
    options jsonb not null default '{}',
    credit_cost bigint not null,
    output_path text,
    preview_path text,
    error text,
    idempotency_key uuid not null,
    deadline_at timestamptz not null,
    created_at timestamptz not null default now(),
    finished_at timestamptz,

    constraint generations_pkey primary key (id),
    constraint generations_profile_id_idempotency_key_key unique (profile_id, idempotency_key),
    constraint generations_profile_id_fkey foreign key (profile_id) references public.profiles (id),
    constraint generations_user_image_id_fkey
    foreign key (user_image_id) references public.user_images (id),
    constraint generations_status_known check (
        status in (
            'queued', 'submitting', 'processing', 'storing',
            'succeeded', 'failed', 'canceled', 'expired'
        )
    ),
    constraint generations_credit_cost_not_negative check (credit_cost >= 0),
    constraint generations_final_has_finished_at check (
        (status in ('succeeded', 'failed', 'canceled', 'expired')) = (finished_at is not null)
    ),
    constraint generations_succeeded_has_output check (
        (status = 'succeeded') = (output_path is not null)
    ),
    constraint generations_preview_has_output check (
        preview_path is null or output_path is not null
    ),
    constraint generations_failed_has_error check ((status = 'failed') = (error is not null))
)
-- The status moves four or five times; no index holds it, so those updates stay HOT.
with (fillfactor = 80);

-- A person's pictures, newest first: the v7 key is the time order.
create index generations_profile_id_id_idx on public.generations (profile_id, id desc);

-- What is under way, for the held credits of a person and for the sweep's way round: tiny, since
-- rows leave it when they finish.
create index generations_profile_id_unfinished_idx on public.generations (profile_id, id)
where finished_at is null;

create index generations_user_image_id_idx on public.generations (user_image_id)
where user_image_id is not null;

comment on table public.generations is
'One row per thumbnail asked for.

queued → submitting → processing → storing → succeeded, or failed, canceled, expired: each final.
Every final status but succeeded has given the credits back.';
comment on column public.generations.status is
'queued, submitting, processing, storing, succeeded, failed, canceled or expired: docs/states.md.';
comment on column public.generations.prompt is
'What it should show, in the person''s words; blank once the person is gone.';
comment on column public.generations.generation_type is
'Key in generation_types. No foreign key: everybody''s requests would lock the same row of the
catalog. Its rows are never deleted, so the key always leads somewhere. Embed it with:
select=*,generation_types(title).';
comment on column public.generations.options is
'What was chosen beside the prompt; see generation_options.';
comment on column public.generations.credit_cost is 'Credits burned for it, as priced when asked.';
comment on column public.generations.output_path is
'Name of the picture in the bucket thumbnails, once succeeded.';
comment on column public.generations.preview_path is
'Name of its small preview in the same bucket.';
comment on column public.generations.error is 'Stable slug of why it failed; see docs/errors.md.';
comment on column public.generations.idempotency_key is
'Made by the client: the same key never makes a second generation.';
comment on column public.generations.deadline_at is
'When it expires and the credits go back, if no picture has arrived.';

create trigger _500_check_transition
before update of status on public.generations
for each row
when (old.status is distinct from new.status)
execute function private.tg__check_transition('generation');

alter table public.generations enable row level security;

create policy generations_select_own
on public.generations
as permissive
for select
to authenticated
using (profile_id = (select auth.uid()));

comment on policy generations_select_own on public.generations is
'A person reads their own generations.';

grant select on table public.generations to authenticated;
