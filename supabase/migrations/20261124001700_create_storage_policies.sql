-- Purpose: a person reaches only their own folder: <profile id>/….
-- Touches: policies on storage.objects, alone in this file.
-- Locks:   access exclusive on storage.objects and, on hosted, on the auth tables: logins wait.
-- Rollout: pre.
-- Undo:    drop policy.

set lock_timeout = '500ms';
set statement_timeout = '2s';

create policy objects_select_own
on storage.objects
as permissive
for select
to authenticated
using (
    bucket_id in ('faces', 'thumbnails')
    and (storage.foldername(name))[1] = (select auth.uid())::text
);

create policy objects_insert_own
on storage.objects
as permissive
for insert
to authenticated
with check (
    bucket_id = 'faces'
    and (storage.foldername(name))[1] = (select auth.uid())::text
    -- Or whoever takes the name for a path is led out of the folder: no empty part, no . and no ..
    and name !~ '(^|[/\\])\.{0,2}([/\\]|$)'
    -- The token of a deleted account is valid for up to an hour.
    and exists (
        select
        from public.profiles as p
        where
            p.id = (select auth.uid())
            and p.deleted_at is null
    )
);

-- No UPDATE: consent was given for one photo, so another photo needs another name. Thumbnails are
-- written by the sidecar alone.
create policy objects_delete_own
on storage.objects
as permissive
for delete
to authenticated
using (
    bucket_id = 'faces'
    and (storage.foldername(name))[1] = (select auth.uid())::text
);
