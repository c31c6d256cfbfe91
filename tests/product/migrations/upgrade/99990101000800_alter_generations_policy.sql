-- Purpose: the policy of generations, said once more.
-- Touches: a policy on public.generations, alone in this file.
-- Locks:   access exclusive on public.generations and, on hosted, on the auth tables: logins wait.
-- Rollout: pre.
-- Undo:    the policy as it was.

set lock_timeout = '500ms';
set statement_timeout = '2s';

drop policy generations_select_own on public.generations;

create policy generations_select_own
on public.generations
as permissive
for select
to authenticated
using (profile_id = (select auth.uid()));

comment on policy generations_select_own on public.generations is
'A person reads their own pictures.';
