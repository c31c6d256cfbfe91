-- Purpose: the type of a generation can be embedded, though no foreign key leads there.
-- Touches: function public.generation_types.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function.

create function public.generation_types(generation public.generations)
returns setof public.generation_types
language sql
stable
-- PostgREST embeds it as one row, and no list.
rows 1
security invoker
set search_path = ''
as $$
    select t.*
    from public.generation_types as t
    where t.type_key = generation.generation_type;
$$;

comment on function public.generation_types(public.generations) is
'The type of a generation, for PostgREST to embed: select=*,generation_types(title).

A foreign key would make the requests of all people lock the same row.';
grant execute on function public.generation_types(public.generations) to authenticated;
