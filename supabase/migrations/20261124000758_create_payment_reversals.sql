-- Purpose: which intent of Stripe a payment has, and money that went back.
-- Touches: tables private.payment_intents, private.payment_reversals.
-- Locks:   share row exclusive on public.payments, for an instant.
-- Rollout: pre.
-- Undo:    none: money rows are not dropped.

set lock_timeout = '500ms';
set statement_timeout = '2s';

create table private.payment_intents (
    payment_intent_id text not null,
    profile_id uuid not null,
    payment_id uuid not null,

    constraint payment_intents_pkey primary key (payment_intent_id),
    constraint payment_intents_payment_id_fkey
    foreign key (payment_id) references public.payments (id)
);

create index payment_intents_payment_id_idx on private.payment_intents (payment_id);

comment on table private.payment_intents is
'Which payment a PaymentIntent of Stripe (pi_…) belongs to: refunds and disputes name only that.';

comment on column private.payment_intents.profile_id is 'Who paid.';

alter table private.payment_intents enable row level security;

create table private.payment_reversals (
    reversal_key text not null,
    profile_id uuid not null,
    payment_id uuid not null,
    kind text not null,
    amount bigint not null,
    status text not null,
    created_at timestamptz not null default now(),
    changed_at timestamptz not null default now(),

    constraint payment_reversals_pkey primary key (reversal_key),
    constraint payment_reversals_payment_id_fkey
    foreign key (payment_id) references public.payments (id),
    constraint payment_reversals_amount_not_negative check (amount >= 0),
    constraint payment_reversals_kind_and_status_known check (
        (kind = 'refund' and status in ('taken', 'undone'))
        or (kind = 'dispute' and status in ('open', 'lost', 'won'))
    )
);

create index payment_reversals_payment_id_idx on private.payment_reversals (payment_id);

comment on table private.payment_reversals is
'Refunds and disputes of payments, by the provider''s own id. What they do to credits follows from
these rows alone, so their order does not matter.';
comment on column private.payment_reversals.profile_id is 'Who paid.';
comment on column private.payment_reversals.amount is 'Minor units of the payment''s currency.';
comment on column private.payment_reversals.status is
'refund: taken, or undone when it failed later. dispute: open, then lost or won.';

alter table private.payment_reversals enable row level security;
