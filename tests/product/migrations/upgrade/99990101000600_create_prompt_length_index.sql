-- Purpose: a person finds their longest prompts.
-- Touches: table public.generations.
-- Locks:   share update exclusive on public.generations: nobody waits.
-- Rollout: pre.
-- Undo:    drop index concurrently.

set lock_timeout = '1min';
set statement_timeout = '1h';

-- A build that was broken off leaves an index that is not valid.
drop index concurrently if exists public.generations_prompt_length_idx;

create index concurrently generations_prompt_length_idx
on public.generations (profile_id, prompt_length);
