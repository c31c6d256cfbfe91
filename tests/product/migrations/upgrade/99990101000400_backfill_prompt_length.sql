-- pg-delta: transaction=false
-- Purpose: the length of the prompts that are there already.
-- Touches: rows of public.generations, so many at a time; each batch is committed.
-- Locks:   the rows of a batch. Whoever is at work on a row keeps it, and it is filled later.
-- Rollout: pre.
-- Undo:    none needed.

set lock_timeout = '500ms';
set statement_timeout = '1h';

do $$
declare
    v_first constant uuid := '00000000-0000-0000-0000-000000000000';
    v_last uuid := v_first;
begin
    loop
        with batch as (
            select g.id
            from public.generations as g
            where
                g.id > v_last
                and g.prompt_length is null
            order by g.id
            limit 1000
            for no key update skip locked
        ),

        filled as (
            update public.generations as g
            set prompt_length = char_length(g.prompt)
            from batch as b
            where g.id = b.id
            returning g.id
        )

        select (array_agg(f.id order by f.id desc))[1] into v_last
        from filled as f;

        if v_last is null then
            exit when not exists (
                select
                from public.generations as g
                where g.prompt_length is null
            );
            v_last := v_first;
        end if;

        commit;
    end loop;
end;
$$;
