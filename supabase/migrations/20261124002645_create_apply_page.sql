-- Purpose: a person's customer and page at Stripe are there, or the customer is gone.
-- Touches: functions private.apply_customer, private.apply_page_opened,
--          private.replace_customer.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function.

create function private.apply_customer(job private.jobs, customer jsonb)
returns text
language plpgsql
volatile
set search_path = ''
as $$
begin
    -- Two checkouts at once may make two customers; the first one counts for ever.
    insert into private.stripe_customers (profile_id, customer_id)
    values (apply_customer.job.profile_id, apply_customer.customer ->> 'id')
    on conflict do nothing;

    -- The account was deleted meanwhile: no page, and the customer goes too.
    if exists (
        select
        from public.profiles as p
        where p.id = apply_customer.job.profile_id
            and p.deleted_at is not null
    ) then
        perform private.close_checkout(
            apply_customer.job.profile_id, apply_customer.job.checkout_id, 'expired'
        );

        perform private.finish_job(apply_customer.job.id);

        return 'closed';
    end if;

    perform private.continue_job(apply_customer.job.id, 'checkout');
    return 'customer';
end;
$$;

comment on function private.apply_customer(private.jobs, jsonb) is
'The person has a customer now; the page is next, unless the account was deleted.';

create function private.apply_page_opened(job private.jobs, page jsonb)
returns text
language plpgsql
volatile
set search_path = ''
as $$
declare
    -- The link to the portal works for five minutes: docs.stripe.com/customer-management.
    v_expires_at constant timestamptz := coalesce(
        private.stripe_instant(apply_page_opened.page -> 'expires_at'),
        now() + interval '5 minutes'
    );
begin
    update public.checkouts as c
    set
        status = 'open',
        url = apply_page_opened.page ->> 'url',
        stripe_session_id = case
            when c.item_kind = 'portal' then c.stripe_session_id
            else coalesce(c.stripe_session_id, apply_page_opened.page ->> 'id')
        end,
        expires_at = v_expires_at
    where c.profile_id = apply_page_opened.job.profile_id
        and c.id = apply_page_opened.job.checkout_id
        and c.status = 'requested'
        and apply_page_opened.page ->> 'url' is not null;

    perform private.finish_job(apply_page_opened.job.id);

    return 'open';
end;
$$;

comment on function private.apply_page_opened(private.jobs, jsonb) is
'The page is there: the person''s checkout has its address.';

create function private.replace_customer(job private.jobs)
returns boolean
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_asked_at timestamptz;
begin
    select c.created_at into v_asked_at
    from public.checkouts as c
    where c.profile_id = replace_customer.job.profile_id
        and c.id = replace_customer.job.checkout_id;

    -- A customer made after this page was asked for is not gone: something else is wrong.
    update private.stripe_customers as s
    set is_current = false
    where s.profile_id = replace_customer.job.profile_id
        and s.is_current
        and s.created_at < v_asked_at;

    if not found then
        return false;
    end if;

    perform private.continue_job(replace_customer.job.id, 'customer');
    return true;
end;
$$;

comment on function private.replace_customer(private.jobs) is
'Somebody deleted the person''s customer at Stripe: the page gets a new one. False when the customer
is not older than the page.';
