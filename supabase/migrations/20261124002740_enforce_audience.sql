-- Purpose: the API takes no token that is meant for another audience than Auth writes.
-- Touches: a setting of the role authenticator, which PostgREST reads.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    alter role authenticator reset pgrst.jwt_aud; notify pgrst, 'reload config'.

-- Without it PostgREST takes every audience. A token that names none passes, such as one that
-- stands for a key.
alter role authenticator set "pgrst.jwt_aud" = 'authenticated';

notify pgrst, 'reload config';
