-- Purpose: the proof that an account was erased, and the job that does it.
-- Touches: table private.erasures, functions private.start_erasure, private.stop_erasure.
-- Locks:   share row exclusive on public.profiles, for an instant.
-- Rollout: pre.
-- Undo:    drop table private.erasures; drop function.

set lock_timeout = '500ms';
set statement_timeout = '2s';

create table private.erasures (
    id bigint not null generated always as identity,
    profile_id uuid not null,
    asked_by text not null,
    asked_at timestamptz not null default now(),
    answers jsonb not null default '[]',
    finished_at timestamptz,
    restored_at timestamptz,

    constraint erasures_pkey primary key (id),
    constraint erasures_profile_id_fkey foreign key (profile_id) references public.profiles (id),
    constraint erasures_asked_by_known check (asked_by in ('person', 'auth')),
    constraint erasures_answers_is_list check (jsonb_typeof(answers) = 'array')
);

create unique index erasures_profile_id_key on private.erasures (profile_id)
where restored_at is null;
create index erasures_profile_id_idx on private.erasures (profile_id);
create index erasures_finished_at_idx on private.erasures (finished_at)
where restored_at is null;

comment on table private.erasures is
'Accounts that were deleted, and what Storage, Stripe and Auth answered when they were asked to
delete what they had: the proof. Holds no name of a file and no address.';
comment on column private.erasures.asked_by is
'person: delete_my_account. auth: the person was deleted at Auth, in the dashboard for example.';
comment on column private.erasures.answers is 'In the order in which they came.';
comment on column private.erasures.finished_at is
'When nothing personal was left. Null again while something that came later is erased.';
comment on column private.erasures.restored_at is
'When Auth made the person again under the same id: what was not erased by then stays.';

alter table private.erasures enable row level security;

create function private.start_erasure(profile_id uuid, asked_by text)
returns void
language plpgsql
volatile
set search_path = ''
as $$
#variable_conflict use_column
begin
    insert into private.erasures (profile_id, asked_by)
    values (start_erasure.profile_id, start_erasure.asked_by)
    on conflict (profile_id) where restored_at is null do update
    set finished_at = null;

    insert into private.jobs (kind, account_id, profile_id)
    values ('erase', start_erasure.profile_id, start_erasure.profile_id)
    on conflict (account_id) where account_id is not null do nothing;

    perform private.wake_worker();
end;
$$;

comment on function private.start_erasure(uuid, text) is
'Has a closed account erased, or what turned up after it was.';

create function private.stop_erasure(profile_id uuid)
returns void
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_job_id bigint;
begin
    select j.id into v_job_id
    from private.jobs as j
    where j.account_id = stop_erasure.profile_id;

    perform private.finish_job(v_job_id);

    update private.erasures as e
    set restored_at = now()
    where e.profile_id = stop_erasure.profile_id
        and e.restored_at is null;

    -- A consent that has ended does not come back.
    insert into private.jobs (kind, user_image_id, profile_id)
    select
        'remove_user_image',
        i.id,
        i.profile_id
    from public.user_images as i
    where i.profile_id = stop_erasure.profile_id
        and i.removed_at is not null
        and i.deleted_at is null
    on conflict (user_image_id) where user_image_id is not null do nothing;
end;
$$;

comment on function private.stop_erasure(uuid) is
'The person is back under the same id: nothing more is erased than the photos that were removed.';
