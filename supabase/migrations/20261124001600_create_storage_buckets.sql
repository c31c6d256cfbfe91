-- Purpose: the two private buckets.
-- Touches: rows of storage.buckets.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    empty and remove the buckets through the Storage API.

insert into storage.buckets (id, name, public, file_size_limit, allowed_mime_types)
values
('faces', 'faces', false, 10485760, array['image/png', 'image/jpeg', 'image/webp']),
('thumbnails', 'thumbnails', false, 26214400, array['image/png', 'image/jpeg', 'image/webp'])
on conflict (id) do update set
    public = excluded.public,
    file_size_limit = excluded.file_size_limit,
    allowed_mime_types = excluded.allowed_mime_types;
