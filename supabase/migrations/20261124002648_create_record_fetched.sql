-- Purpose: what was fetched from Stripe, or found there.
-- Touches: functions private.record_fetched, private.record_found.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function.

create function private.record_fetched(job private.outbox, answer jsonb)
returns text
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_word text;
begin
    -- A list is the refunds of a charge; any one that has to wait makes all of them wait.
    select string_agg(distinct coalesce(a.word, 'waiting'), ',')
    into v_word
    from (
        select private.apply_stripe_object(o.object) as word
        from jsonb_array_elements(
            case record_fetched.answer ->> 'object'
                when 'list' then record_fetched.answer -> 'data'
                else jsonb_build_array(record_fetched.answer)
            end
        ) as o (object)
    ) as a;

    perform private.finish_fetch(record_fetched.job, coalesce(v_word !~ 'waiting', true));

    -- What it waited for in vain is here after all.
    delete from private.stripe_alarms as a
    where a.object_id = record_fetched.job.stripe_object_id
        and a.slug = 'unknown_payment'
        and a.resolved_at is null
        and v_word !~ 'waiting';

    return coalesce(v_word, 'nothing');
end;
$$;

comment on function private.record_fetched(private.outbox, jsonb) is
'Applies what was fetched, and says what came of it.';

create function private.record_found(job private.outbox, answer jsonb)
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
    from jsonb_array_elements(record_found.answer -> 'data') as o (object);

    if v_found is null and record_found.job.kind = 'find_invoice' then
        perform private.continue_job(record_found.job.id, 'find_session');
        return 'not_an_invoice';
    end if;

    perform private.finish_job(record_found.job.id);

    perform private.want_stripe_object(f.object_id)
    from unnest(v_found) as f (object_id)
    order by f.object_id;

    return coalesce(array_to_string(v_found, ','), 'not_ours');
end;
$$;

comment on function private.record_found(private.outbox, jsonb) is
'What a PaymentIntent belongs to, an invoice or else a session, is fetched.';
