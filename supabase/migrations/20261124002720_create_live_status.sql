-- Purpose: tells a person's browsers when a thumbnail of theirs moves on.
-- Touches: function private.tg_generations__broadcast, a trigger on public.generations.
-- Locks:   share row exclusive on public.generations, for an instant.
-- Rollout: pre.
-- Undo:    drop trigger _900_broadcast on public.generations; drop function.

set lock_timeout = '500ms';
set statement_timeout = '2s';

create function private.tg_generations__broadcast()
returns trigger
language plpgsql
volatile
-- security definer because realtime.messages belongs to the platform: whoever moves a generation
-- needs no grant there
security definer
set search_path = ''
as $$
begin
    -- What Realtime cannot take becomes a warning, and the browser's own look finds the row.
    perform realtime.send(
        jsonb_build_object(
            'id', new.id,
            'status', new.status,
            'error', new.error,
            'output_path', new.output_path,
            'preview_path', new.preview_path,
            'finished_at', new.finished_at
        ),
        'generation',
        'profile:' || new.profile_id,
        true
    );
    return null;
end;
$$;

comment on function private.tg_generations__broadcast() is
'Broadcasts each transition of a generation as the event generation on the private topic
profile:<profile id>. Only a hint: it may be lost, the row is what counts.';

create trigger _900_broadcast
after update of status on public.generations
for each row
when (old.status is distinct from new.status)
execute function private.tg_generations__broadcast();
