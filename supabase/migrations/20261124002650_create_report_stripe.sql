-- Purpose: the sidecar reports what Stripe answered, or that it did not.
-- Touches: functions private.report_stripe, private.fail_stripe_job.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function.

create function private.report_stripe(
    profile_id uuid,
    job_id bigint,
    lease_token uuid,
    answer jsonb
)
returns text
language plpgsql
volatile
-- security definer because the sidecar's role holds no table
security definer
set search_path = ''
as $$
declare
    v_job private.jobs := private.lock_reported_job(
        report_stripe.profile_id, report_stripe.job_id, report_stripe.lease_token
    );
begin
    if v_job.id is null then
        return 'stale';
    end if;

    return case v_job.kind
        when 'customer' then private.apply_customer(v_job, report_stripe.answer)
        when 'checkout' then private.apply_page_opened(v_job, report_stripe.answer)
        when 'fetch' then private.apply_fetched(v_job, report_stripe.answer)
        when 'reconcile' then private.apply_reconcile_page(v_job, report_stripe.answer)
        else private.apply_found(v_job, report_stripe.answer)
    end;
end;
$$;

comment on function private.report_stripe(uuid, bigint, uuid, jsonb) is
'What Stripe answered to the call of a job: applied. Returns the outcome, or stale.';
grant execute on function private.report_stripe(uuid, bigint, uuid, jsonb) to thumbsmith_sidecar;

create function private.fail_stripe_job(
    job private.jobs,
    slug text,
    detail text,
    is_permanent boolean
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

    if fail_stripe_job.job.checkout_id is not null
        and (fail_stripe_job.is_permanent or private.is_last_try(fail_stripe_job.job.tries))
    then
        perform private.close_checkout(
            fail_stripe_job.job.profile_id,
            fail_stripe_job.job.checkout_id,
            'failed',
            fail_stripe_job.slug
        );

        perform private.finish_job(fail_stripe_job.job.id);
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

comment on function private.fail_stripe_job(private.jobs, text, text, boolean) is
'A call of Stripe did not work out. A page that cannot be made fails its checkout; an object that
cannot be read is an alarm when that is final, and else tried again for as long as it takes.';
