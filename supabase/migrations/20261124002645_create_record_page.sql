-- Purpose: a person's customer and page at Stripe are there, or the customer is gone.
-- Touches: functions private.record_customer, private.record_page_opened,
--          private.replace_customer.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function.

create function private.record_customer(job private.outbox, customer jsonb)
returns text
language plpgsql
volatile
set search_path = ''
as $$
begin
    -- Two checkouts at once may make two customers; the first one counts for ever.
    insert into private.stripe_customers (profile_id, customer_id)
    select
        c.profile_id,
        record_customer.customer ->> 'id'
    from public.checkouts as c
    where c.id = record_customer.job.checkout_id
    on conflict do nothing;

    -- The account was deleted meanwhile: no page, and the customer goes too.
    if exists (
        select
        from public.checkouts as c
        inner join public.profiles as p on c.profile_id = p.id
        where c.id = record_customer.job.checkout_id
            and p.deleted_at is not null
    ) then
        perform private.close_checkout(record_customer.job.checkout_id, 'expired');

        perform private.finish_job(record_customer.job.id);

        return 'closed';
    end if;

    perform private.continue_job(record_customer.job.id, 'checkout');
    return 'customer';
end;
$$;

comment on function private.record_customer(private.outbox, jsonb) is
'The person has a customer now; the page is next, unless the account was deleted.';

create function private.record_page_opened(job private.outbox, page jsonb)
returns text
language plpgsql
volatile
set search_path = ''
as $$
begin
    update public.checkouts as c
    set
        status = 'open',
        url = record_page_opened.page ->> 'url',
        stripe_session_id = case
            when c.item_kind = 'portal' then c.stripe_session_id
            else coalesce(c.stripe_session_id, record_page_opened.page ->> 'id')
        end,
        -- The link to the portal works for five minutes: docs.stripe.com/customer-management.
        expires_at = coalesce(
            private.stripe_instant(record_page_opened.page -> 'expires_at'),
            now() + interval '5 minutes'
        )
    where c.id = record_page_opened.job.checkout_id
        and c.status = 'requested'
        and record_page_opened.page ->> 'url' is not null;

    perform private.finish_job(record_page_opened.job.id);

    return 'open';
end;
$$;

comment on function private.record_page_opened(private.outbox, jsonb) is
'The page is there: the person''s checkout has its address.';

create function private.replace_customer(job private.outbox)
returns boolean
language plpgsql
volatile
set search_path = ''
as $$
begin
    -- Made after this page was asked for, it is not gone: then something else is wrong.
    update private.stripe_customers as s
    set is_current = false
    from public.checkouts as c
    where c.id = replace_customer.job.checkout_id
        and s.profile_id = c.profile_id
        and s.is_current
        and s.created_at < c.created_at;

    if not found then
        return false;
    end if;

    perform private.continue_job(replace_customer.job.id, 'customer');
    return true;
end;
$$;

comment on function private.replace_customer(private.outbox) is
'Somebody deleted the person''s customer at Stripe: the page gets a new one. False when the customer
is not older than the page.';
