-- Purpose: no prompt is shorter than nothing.
-- Touches: table public.generations.
-- Locks:   access exclusive on public.generations, for an instant: no row is looked at.
-- Rollout: pre.
-- Undo:    drop the constraint.

set lock_timeout = '500ms';
set statement_timeout = '2s';

alter table public.generations
add constraint generations_prompt_length_not_negative check (prompt_length >= 0) not valid;
