-- Purpose: how the sidecar reports what Stripe answered.
-- Touches: functions private.apply_stripe_object, private.finish_fetch, private.record_fetched,
--          private.record_found, private.record_stripe, private.fail_stripe_job.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function.

create function private.apply_stripe_object(object jsonb)
returns text
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_type constant text := apply_stripe_object.object ->> 'object';
begin
    if (apply_stripe_object.object -> 'livemode')::boolean is distinct from null
        and (apply_stripe_object.object -> 'livemode')::boolean <> (
            select s.stripe_livemode from private.settings as s
        )
    then
        return private.raise_stripe_alarm(
            apply_stripe_object.object ->> 'id', 'wrong_mode',
            'It is of the other mode: look at the sidecar''s key and at settings.stripe_livemode.'
        );
    end if;

    return case v_type
        when 'checkout.session' then private.apply_checkout_session(apply_stripe_object.object)
        when 'subscription' then private.apply_subscription(apply_stripe_object.object)
        when 'invoice' then private.apply_invoice(apply_stripe_object.object)
        when 'refund' then private.apply_refund(apply_stripe_object.object)
        when 'dispute' then private.apply_dispute(apply_stripe_object.object)
        else coalesce(v_type, 'nothing')
    end;
end;
$$;

comment on function private.apply_stripe_object(jsonb) is
'Applies an object of Stripe as it is now. Any number of times, in any order. Null: call again
later.';

create function private.finish_fetch(job private.outbox, is_applied boolean)
returns void
language plpgsql
volatile
set search_path = ''
as $$
begin
    if finish_fetch.is_applied then
        -- All that came before it was fetched: an event that came later took this job's lease.
        update private.stripe_events as e
        set applied_at = now()
        where e.object_id = finish_fetch.job.stripe_object_id
            and e.applied_at is null;

        perform private.end_job(finish_fetch.job.id);
        return;
    end if;

    if finish_fetch.job.attempts + 1 >= (select s.job_attempts_max from private.settings as s)
    then
        perform private.raise_stripe_alarm(
            finish_fetch.job.stripe_object_id, 'unknown_payment',
            'What it belongs to was never found here.'
        );
        perform private.finish_fetch(finish_fetch.job, true);
        return;
    end if;

    perform private.retry_job(finish_fetch.job.id);
end;
$$;

comment on function private.finish_fetch(private.outbox, boolean) is
'Ends the job of an object, or has it fetched again later, with an alarm when that was too often.';

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

    perform private.end_job(record_found.job.id);

    perform private.want_stripe_object(f.object_id)
    from unnest(v_found) as f (object_id)
    order by f.object_id;

    return coalesce(array_to_string(v_found, ','), 'not_ours');
end;
$$;

comment on function private.record_found(private.outbox, jsonb) is
'What a PaymentIntent belongs to, an invoice or else a session, is fetched.';

create function private.record_stripe(job_id bigint, lease_token uuid, answer jsonb)
returns text
language plpgsql
volatile
-- security definer because the sidecar's role holds no table
security definer
set search_path = ''
as $$
declare
    v_job private.outbox := private.held_job(record_stripe.job_id, record_stripe.lease_token);
begin
    if v_job.id is null then
        return 'stale';
    end if;

    return case v_job.kind
        when 'customer' then private.record_customer(v_job, record_stripe.answer)
        when 'checkout' then private.record_page_opened(v_job, record_stripe.answer)
        when 'fetch' then private.record_fetched(v_job, record_stripe.answer)
        when 'reconcile' then private.record_stripe_page(v_job, record_stripe.answer)
        else private.record_found(v_job, record_stripe.answer)
    end;
end;
$$;

comment on function private.record_stripe(bigint, uuid, jsonb) is
'What Stripe answered to the call of a job: applied, and a word on what came of it; or stale.';
grant execute on function private.record_stripe(bigint, uuid, jsonb) to thumbsmith_sidecar;

create function private.fail_stripe_job(
    job private.outbox,
    slug text,
    detail text,
    is_permanent boolean,
    is_exhausted boolean
)
returns void
language plpgsql
volatile
set search_path = ''
as $$
begin
    if fail_stripe_job.job.kind = 'checkout'
        and fail_stripe_job.slug = 'stripe_missing'
        and fail_stripe_job.detail ~ '\mcustomer$'
        and private.replace_customer(fail_stripe_job.job)
    then
        return;
    end if;

    if fail_stripe_job.is_exhausted and fail_stripe_job.job.checkout_id is not null then
        perform private.close_checkout(
            fail_stripe_job.job.checkout_id, 'failed', fail_stripe_job.slug
        );

        perform private.end_job(fail_stripe_job.job.id);
    elsif fail_stripe_job.is_permanent and fail_stripe_job.job.kind <> 'reconcile' then
        perform private.raise_stripe_alarm(
            fail_stripe_job.job.stripe_object_id, fail_stripe_job.slug, fail_stripe_job.detail
        );
        perform private.finish_fetch(fail_stripe_job.job, true);
    else
        -- What Stripe has to tell is never given up: it only takes longer and longer.
        perform private.retry_job(fail_stripe_job.job.id, fail_stripe_job.slug);
    end if;
end;
$$;

comment on function private.fail_stripe_job(private.outbox, text, text, boolean, boolean) is
'A call of Stripe did not work out. A page that cannot be made fails its checkout; an object that
cannot be read is an alarm when that is final, and else tried again for as long as it takes.';
