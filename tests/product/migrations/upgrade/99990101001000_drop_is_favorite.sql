-- Purpose: favorites are collections now.
-- Touches: table public.generations.
-- Locks:   access exclusive on public.generations, for an instant: no row is looked at.
-- Rollout: post.
-- Undo:    none: what was in it is gone.

set lock_timeout = '500ms';
set statement_timeout = '2s';

-- The release before this one has stopped to read it.
alter table public.generations
-- squawk-ignore ban-drop-column
drop column is_favorite;
