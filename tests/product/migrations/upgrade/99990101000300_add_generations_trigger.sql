-- Purpose: the length of a prompt, from now on.
-- Touches: function private.tg_generations__measure, a trigger on public.generations.
-- Locks:   share row exclusive on public.generations, for an instant.
-- Rollout: pre.
-- Undo:    drop trigger _100_measure on public.generations; drop function.

set lock_timeout = '500ms';
set statement_timeout = '2s';

create function private.tg_generations__measure()
returns trigger
language plpgsql
volatile
set search_path = ''
as $$
begin
    new.prompt_length := char_length(new.prompt);
    return new;
end;
$$;

create trigger _100_measure
before insert on public.generations
for each row
execute function private.tg_generations__measure();
