-- Purpose: the check holds for every row.
-- Touches: table public.generations.
-- Locks:   share update exclusive on public.generations: nobody waits, however long it looks.
-- Rollout: pre.
-- Undo:    none needed.

set lock_timeout = '1min';
set statement_timeout = '1h';

alter table public.generations validate constraint generations_prompt_length_not_negative;
