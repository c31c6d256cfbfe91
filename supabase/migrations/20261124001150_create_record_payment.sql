-- Purpose: money arrived, or went back.
-- Touches: functions private.record_payment, private.record_reversal.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function.

create function private.record_payment(
    profile_id uuid,
    stripe_payment_id text,
    kind text,
    item_key text,
    amount bigint,
    currency text,
    credits bigint,
    expires_at timestamptz default null,
    priority integer default 100,
    subscription_id uuid default null
)
returns uuid
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_payment_id uuid;
begin
    -- And whoever brought the payer: the first purchase may earn a referral.
    perform private.lock_with_referrer(record_payment.profile_id);

    insert into public.payments (
        profile_id, stripe_payment_id, kind, item_key, amount, currency, credits_added,
        subscription_id
    )
    values (
        record_payment.profile_id, record_payment.stripe_payment_id, record_payment.kind,
        record_payment.item_key, record_payment.amount, record_payment.currency,
        record_payment.credits, record_payment.subscription_id
    )
    on conflict on constraint payments_stripe_payment_id_key do nothing
    returning id into v_payment_id;

    if v_payment_id is null then
        return (
            select p.id
            from public.payments as p
            where p.stripe_payment_id = record_payment.stripe_payment_id
        );
    end if;

    perform private.grant_credits(
        record_payment.profile_id,
        record_payment.credits,
        case record_payment.kind when 'pack' then 'purchase' else 'subscription' end,
        'payment:' || record_payment.stripe_payment_id,
        record_payment.expires_at,
        record_payment.priority,
        v_payment_id,
        record_payment.subscription_id
    );

    perform private.settle_referral(record_payment.profile_id);
    return v_payment_id;
end;
$$;

comment on function private.record_payment(
    uuid, text, text, text, bigint, text, bigint, timestamptz, integer, uuid
) is
'Records a payment once and grants its credits. Returns its id, also when it was recorded before.
The credits of a subscription''s period are granted by private.grant_period instead: then credits is
zero here.';

create function private.record_reversal(
    payment_id uuid,
    reversal_key text,
    kind text,
    amount bigint,
    status text
)
returns void
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_profile_id uuid;
begin
    select p.profile_id into v_profile_id
    from public.payments as p
    where p.id = record_reversal.payment_id;

    perform private.lock_with_referrer(v_profile_id);

    insert into private.payment_reversals as r (reversal_key, payment_id, kind, amount, status)
    values (
        record_reversal.reversal_key, record_reversal.payment_id, record_reversal.kind,
        record_reversal.amount, record_reversal.status
    )
    on conflict on constraint payment_reversals_pkey do update
    set
        amount = excluded.amount,
        status = excluded.status,
        changed_at = now()
    -- A closed dispute does not open again and a failed refund is not made again: that is late.
    where (r.amount, r.status) is distinct from (excluded.amount, excluded.status)
        and excluded.status <> 'open'
        and (excluded.status <> 'taken' or r.status <> 'undone')
        and r.payment_id = excluded.payment_id;

    if found then
        perform private.settle_payment(record_reversal.payment_id, record_reversal.reversal_key);
        perform private.settle_referral(v_profile_id);
    end if;
end;
$$;

comment on function private.record_reversal(uuid, text, text, bigint, text) is
'Records what the payment provider says of a refund (taken, undone) or a dispute (open, lost, won),
by its own id, and settles the payment''s credits. A repeat changes nothing.';
