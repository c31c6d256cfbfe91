-- pg-delta: transaction=false
-- Purpose: the length of the prompts that are there already.
-- Touches: rows of public.generations, so many at a time; each batch is committed.
-- Locks:   the rows of a batch. Whoever is not done with a row keeps it: another round finds it.
-- Rollout: pre.
-- Undo:    none needed.

set lock_timeout = '500ms';
set statement_timeout = '1h';

do $$
begin
    loop
        update public.generations as g
        set prompt_length = char_length(g.prompt)
        where g.id in (
            select o.id
            from public.generations as o
            where o.prompt_length is null
            order by o.id
            limit 100
            for no key update skip locked
        );
        exit when not exists (
            select
            from public.generations as o
            where o.prompt_length is null
        );
        commit;
    end loop;
end;
$$;
