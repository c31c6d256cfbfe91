-- Purpose: what was fetched from Stripe, or found there.
-- Touches: functions private.apply_fetched, private.apply_found.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function.

create function private.apply_fetched(job private.jobs, answer jsonb)
returns text
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_outcome text;
begin
    -- A list is the refunds of a charge; any one that has to wait makes all of them wait.
    select string_agg(distinct coalesce(a.outcome, 'waiting'), ',')
    into v_outcome
    from (
        select private.apply_stripe_object(o.object) as outcome
        from jsonb_array_elements(
            case apply_fetched.answer ->> 'object'
                when 'list' then apply_fetched.answer -> 'data'
                else jsonb_build_array(apply_fetched.answer)
            end
        ) as o (object)
    ) as a;

    perform private.finish_fetch(apply_fetched.job, coalesce(v_outcome !~ 'waiting', true));

    -- The payment that an alarm missed is here after all.
    delete from private.stripe_alarms as a
    where a.object_id = apply_fetched.job.stripe_object_id
        and a.slug = 'unknown_payment'
        and a.resolved_at is null
        and v_outcome !~ 'waiting';

    return coalesce(v_outcome, 'nothing');
end;
$$;

comment on function private.apply_fetched(private.jobs, jsonb) is
'Applies what was fetched. Returns the outcome.';

create function private.apply_found(job private.jobs, answer jsonb)
returns text
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_found text[];
begin
    select array_agg(distinct coalesce(o.object ->> 'invoice', o.object ->> 'id'))
    into v_found
    from jsonb_array_elements(apply_found.answer -> 'data') as o (object);

    if v_found is null and apply_found.job.kind = 'find_invoice' then
        perform private.continue_job(apply_found.job.id, 'find_session');
        return 'not_an_invoice';
    end if;

    perform private.finish_job(apply_found.job.id);

    perform private.enqueue_fetch(f.object_id)
    from unnest(v_found) as f (object_id)
    order by f.object_id;

    return coalesce(array_to_string(v_found, ','), 'not_ours');
end;
$$;

comment on function private.apply_found(private.jobs, jsonb) is
'What a PaymentIntent belongs to, an invoice or else a session, is fetched.';
