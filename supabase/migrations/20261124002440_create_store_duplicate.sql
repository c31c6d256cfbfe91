-- Purpose: a second prediction of one attempt, which nobody asked for.
-- Touches: function private.store_duplicate.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function.

create function private.store_duplicate(attempt private.generation_attempts, provider_job_id text)
returns void
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_duplicate_id uuid;
begin
    insert into private.generation_attempts (
        profile_id, generation_id, attempt_number, preference, model, duplicate_of, status,
        provider_job_id, expected_cost_micros, cost_per_second_micros
    )
    select
        store_duplicate.attempt.profile_id,
        store_duplicate.attempt.generation_id,
        max(a.attempt_number) + 1,
        store_duplicate.attempt.preference,
        store_duplicate.attempt.model,
        store_duplicate.attempt.id,
        'processing',
        store_duplicate.provider_job_id,
        store_duplicate.attempt.expected_cost_micros,
        store_duplicate.attempt.cost_per_second_micros
    from private.generation_attempts as a
    where a.profile_id = store_duplicate.attempt.profile_id
        and a.generation_id = store_duplicate.attempt.generation_id
    on conflict on constraint generation_attempts_provider_job_id_key do nothing
    returning id into v_duplicate_id;

    if v_duplicate_id is not null then
        perform private.enqueue_cancel(store_duplicate.attempt.profile_id, v_duplicate_id);
    end if;
end;
$$;

comment on function private.store_duplicate(private.generation_attempts, text) is
'The provider carried out one attempt twice, as a proxy''s retry can make it: the second prediction
is stopped, its cost counted, its picture never looked at.';
