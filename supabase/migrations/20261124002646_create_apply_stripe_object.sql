-- Purpose: which function applies an object of Stripe, and what ends its job.
-- Touches: functions private.apply_stripe_object, private.finish_fetch.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function.

-- Every function apply_… is given the object as Stripe shows it now. It may be called any number of
-- times, in any order; it returns a word for the log, or null when it has to be called again.
-- It asks for other objects before it locks a profile.

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

        perform private.finish_job(finish_fetch.job.id);
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
