-- Purpose: the files a person has uploaded to be used, with consent and expiry.
-- Touches: table public.user_images.
-- Locks:   share row exclusive on public.profiles, for an instant. On hosted, the auth tables too:
--          logins wait.
-- Rollout: pre.
-- Undo:    drop table public.user_images.

set lock_timeout = '500ms';
set statement_timeout = '2s';

create table public.user_images (
    id uuid not null default private.uuid_v7(),
    profile_id uuid not null,
    object_path text not null,
    consented_at timestamptz not null default now(),
    expires_at timestamptz not null,
    created_at timestamptz not null default now(),
    removed_at timestamptz,
    removal_reason text,
    deleted_at timestamptz,
    deletion_answer jsonb,

    constraint user_images_pkey primary key (id),
    constraint user_images_profile_id_fkey foreign key (profile_id) references public.profiles (id),
    constraint user_images_expires_after_creation check (expires_at > created_at),
    constraint user_images_path_in_own_folder
    check (starts_with(object_path, profile_id::text || '/')),
    constraint user_images_removal_reason_known
    check (removal_reason in ('asked', 'expired', 'account')),
    constraint user_images_removed_has_reason
    check ((removed_at is null) = (removal_reason is null)),
    constraint user_images_deleted_was_removed
    check (deleted_at is null or removed_at is not null),
    constraint user_images_deleted_has_answer
    check ((deleted_at is null) = (deletion_answer is null))
);

create unique index user_images_profile_id_object_path_key
on public.user_images (profile_id, object_path)
where removed_at is null;

create index user_images_expires_at_idx on public.user_images (expires_at)
where removed_at is null;

comment on table public.user_images is
'Face photos in the Storage bucket faces. The bytes live there; a row says whose they are.';
comment on column public.user_images.object_path is
'Name of the object in the bucket faces: <profile id>/<file>.';
comment on column public.user_images.consented_at is
'When the person recorded the photo for use, by calling add_user_image.';
comment on column public.user_images.expires_at is
'After this instant the photo is no longer used, and private.sweep() removes it.';
comment on column public.user_images.removed_at is
'When its removal was asked for, by its person or by time: from then on it is not used.';
comment on column public.user_images.removal_reason is
'asked, expired, or account when the whole account was deleted.';
comment on column public.user_images.deleted_at is
'When it was gone from Storage.';
comment on column public.user_images.deletion_answer is
'The proof: how the Storage API answered to the deletion, its HTTP status and the names it removed;
none when the file was gone before.';

alter table public.user_images enable row level security;

create policy user_images_select_own
on public.user_images
as permissive
for select
to authenticated
using (profile_id = (select auth.uid()));

comment on policy user_images_select_own on public.user_images is
'A person reads their own photos.';

grant select on table public.user_images to authenticated;
