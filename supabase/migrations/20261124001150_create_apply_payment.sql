-- Purpose: money arrived, or went back.
-- Touches: functions private.apply_payment, private.apply_reversal.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function.

create function private.apply_payment(
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
    perform private.lock_with_referrer(apply_payment.profile_id);

    insert into public.payments (
        profile_id, stripe_payment_id, kind, item_key, amount, currency, credits_added,
        subscription_id
    )
    values (
        apply_payment.profile_id, apply_payment.stripe_payment_id, apply_payment.kind,
        apply_payment.item_key, apply_payment.amount, apply_payment.currency,
        apply_payment.credits, apply_payment.subscription_id
    )
    on conflict on constraint payments_stripe_payment_id_key do nothing
    returning id into v_payment_id;

    if v_payment_id is null then
        return (
            select p.id
            from public.payments as p
            where p.profile_id = apply_payment.profile_id
                and p.stripe_payment_id = apply_payment.stripe_payment_id
        );
    end if;

    perform private.grant_credits(
        apply_payment.profile_id,
        apply_payment.credits,
        case apply_payment.kind when 'pack' then 'purchase' else 'subscription' end,
        'payment:' || apply_payment.stripe_payment_id,
        apply_payment.expires_at,
        apply_payment.priority,
        v_payment_id,
        apply_payment.subscription_id
    );

    perform private.settle_referral(apply_payment.profile_id);
    return v_payment_id;
end;
$$;

comment on function private.apply_payment(
    uuid, text, text, text, bigint, text, bigint, timestamptz, integer, uuid
) is
'Records a payment once and grants its credits. Returns its id, also when it was recorded before;
null when it was recorded as another person''s, and then nothing changes.
The credits of a subscription''s period are granted by private.grant_period instead: then credits is
zero here.';

create function private.apply_reversal(
    profile_id uuid,
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
begin
    perform private.lock_with_referrer(apply_reversal.profile_id);

    insert into private.payment_reversals as r (
        reversal_key, profile_id, payment_id, kind, amount, status
    )
    values (
        apply_reversal.reversal_key, apply_reversal.profile_id, apply_reversal.payment_id,
        apply_reversal.kind, apply_reversal.amount, apply_reversal.status
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
        and r.profile_id = excluded.profile_id
        and r.payment_id = excluded.payment_id;

    if found then
        perform private.settle_payment(
            apply_reversal.profile_id, apply_reversal.payment_id, apply_reversal.reversal_key
        );
        perform private.settle_referral(apply_reversal.profile_id);
    end if;
end;
$$;

comment on function private.apply_reversal(uuid, uuid, text, text, bigint, text) is
'Records what the payment provider says of a refund (taken, undone) or a dispute (open, lost, won),
by its own id, and settles the payment''s credits. A repeat changes nothing.';
