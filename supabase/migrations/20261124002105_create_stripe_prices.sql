-- Purpose: which price and which customer at Stripe is which of ours.
-- Touches: tables private.stripe_prices, private.stripe_customers.
-- Locks:   share row exclusive on public.profiles, for an instant.
-- Rollout: pre.
-- Undo:    drop table private.stripe_prices, private.stripe_customers.

set lock_timeout = '500ms';
set statement_timeout = '2s';

create table private.stripe_prices (
    price_id text not null,
    item_kind text not null,
    item_key text not null,
    product_id text not null,
    amount bigint not null,
    currency text not null,
    billing_interval text,
    is_current boolean not null default true,
    created_at timestamptz not null default now(),

    constraint stripe_prices_pkey primary key (price_id),
    constraint stripe_prices_item_kind_known check (item_kind in ('pack', 'subscription')),
    constraint stripe_prices_amount_not_negative check (amount >= 0),
    constraint stripe_prices_billing_interval_known check (billing_interval in ('month', 'year')),
    constraint stripe_prices_subscription_has_interval check (
        (item_kind = 'subscription') = (billing_interval is not null)
    )
);

create unique index stripe_prices_current_key on private.stripe_prices (item_kind, item_key)
where is_current;

comment on table private.stripe_prices is
'Each price at Stripe that was ever ours, and what it sells. Old ones stay: somebody may still pay
them. What a payment bought follows from here, never from its metadata.';
comment on column private.stripe_prices.amount is 'Minor units of the currency.';
comment on column private.stripe_prices.is_current is 'Whether new Checkouts use it.';

create trigger _900_audit_change
after insert or update or delete on private.stripe_prices
for each row
execute function private.tg__audit_change('price_id');

alter table private.stripe_prices enable row level security;

create table private.stripe_customers (
    profile_id uuid not null,
    customer_id text not null,
    is_current boolean not null default true,
    created_at timestamptz not null default now(),
    deleted_at timestamptz,

    constraint stripe_customers_pkey primary key (customer_id),
    constraint stripe_customers_profile_id_fkey
    foreign key (profile_id) references public.profiles (id)
);

create unique index stripe_customers_current_key on private.stripe_customers (profile_id)
where is_current;
create index stripe_customers_profile_id_idx on private.stripe_customers (profile_id);

comment on table private.stripe_customers is
'The customer at Stripe of a person: one that is current, and those that somebody deleted there,
since late events still name them. Made by us and never found by e-mail: whoever has somebody
else''s address would find their invoices too.';

comment on column private.stripe_customers.is_current is 'Whether new pages use it.';
comment on column private.stripe_customers.deleted_at is
'When it was deleted at Stripe, because the person''s account was.';

alter table private.stripe_customers enable row level security;
