-- Purpose: a person listens to their own topic alone: profile:<profile id>.
-- Touches: a policy on realtime.messages, alone in this file.
-- Locks:   access exclusive on realtime.messages and, on hosted, on the auth tables: logins wait.
-- Rollout: pre.
-- Undo:    drop policy messages_select_own on realtime.messages.

set lock_timeout = '500ms';
set statement_timeout = '2s';

create policy messages_select_own
on realtime.messages
as permissive
for select
to authenticated
using (
    extension = 'broadcast'
    and (select realtime.topic()) = 'profile:' || (select auth.uid())::text
);
