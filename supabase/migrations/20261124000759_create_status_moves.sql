-- Purpose: the moves that a status may make.
-- Touches: functions private.status_moves, private.tg__move_forward.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function.

create function private.status_moves()
returns table (subject text, from_status text, to_status text)
language sql
immutable
set search_path = ''
as $$
    values
    ('generation', 'queued', 'submitting'),
    ('generation', 'submitting', 'processing'),
    ('generation', 'processing', 'storing'),
    ('generation', 'storing', 'succeeded'),
    ('generation', 'queued', 'failed'),
    ('generation', 'submitting', 'failed'),
    ('generation', 'processing', 'failed'),
    ('generation', 'storing', 'failed'),
    ('generation', 'queued', 'canceled'),
    ('generation', 'submitting', 'canceled'),
    ('generation', 'processing', 'canceled'),
    ('generation', 'queued', 'expired'),
    ('generation', 'submitting', 'expired'),
    ('generation', 'processing', 'expired'),
    ('generation', 'storing', 'expired'),
    ('attempt', 'submitting', 'processing'),
    ('attempt', 'submitting', 'submit_unknown'),
    ('attempt', 'submitting', 'refused'),
    ('attempt', 'submitting', 'failed'),
    ('attempt', 'submit_unknown', 'processing'),
    ('attempt', 'submit_unknown', 'abandoned'),
    ('attempt', 'processing', 'succeeded'),
    ('attempt', 'processing', 'failed'),
    ('attempt', 'processing', 'canceled');
$$;

comment on function private.status_moves() is
'Every move that the status of a generation, or of an attempt at the provider, may make; all others
are refused. Drawn in docs/states.md.';

create function private.tg__move_forward()
returns trigger
language plpgsql
stable
set search_path = ''
as $$
begin
    if not exists (
        select
        from private.status_moves() as m
        where m.subject = tg_argv[0]
            and m.from_status = old.status
            and m.to_status = new.status
    ) then
        raise exception using
            errcode = 'PT409',
            message = 'wrong_state',
            detail = format('A %s cannot move from %s to %s.', tg_argv[0], old.status, new.status);
    end if;
    return new;
end;
$$;

comment on function private.tg__move_forward() is
'Refuses a move that private.status_moves() does not list: backwards, out of a final status, or past
a step.';
