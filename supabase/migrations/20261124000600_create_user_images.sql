-- Purpose: the face photos a person has uploaded, with consent and expiry.
-- Touches: table public.user_images.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop table public.user_images.

create table public.user_images (
    id uuid not null default private.uuid_v7(),
    profile_id uuid not null,
    object_path text not null,
    consented_at timestamptz not null default now(),
    expires_at timestamptz not null,
    created_at timestamptz not null default now(),
    deleted_at timestamptz,

    constraint user_images_pkey primary key (id),
    constraint user_images_profile_id_fkey foreign key (profile_id) references public.profiles (id),
    constraint user_images_expires_after_creation check (expires_at > created_at),
    constraint user_images_path_in_own_folder
    check (starts_with(object_path, profile_id::text || '/'))
);

create unique index user_images_profile_id_object_path_key
on public.user_images (profile_id, object_path)
where deleted_at is null;

comment on table public.user_images is
'Face photos in the Storage bucket faces. The bytes live there; a row says whose they are.';
comment on column public.user_images.object_path is
'Name of the object in the bucket faces: <profile id>/<file>.';
comment on column public.user_images.consented_at is
'When the person recorded the photo for use, by calling add_user_image.';
comment on column public.user_images.expires_at is
'After this instant the photo is no longer used.';

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
