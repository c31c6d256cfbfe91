-- Purpose: how long a prompt is, and whether its picture is a favorite.
-- Touches: table public.generations.
-- Locks:   access exclusive on public.generations, for an instant: no row is looked at.
-- Rollout: pre.
-- Undo:    drop the columns.

set lock_timeout = '500ms';
set statement_timeout = '2s';

alter table public.generations
add column prompt_length integer,
add column is_favorite boolean not null default false;

comment on column public.generations.prompt_length is 'Characters of the prompt.';
comment on column public.generations.is_favorite is 'Whether its person likes it best.';
