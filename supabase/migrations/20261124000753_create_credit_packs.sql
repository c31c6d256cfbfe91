-- Purpose: what can be bought once.
-- Touches: table public.credit_packs.
-- Locks:   on hosted, the auth tables, for an instant: logins wait.
-- Rollout: pre.
-- Undo:    drop table public.credit_packs.

set lock_timeout = '500ms';
set statement_timeout = '2s';

create table public.credit_packs (
    pack_key text not null,
    title text not null,
    description text not null default '',
    credits bigint not null,
    credits_last interval,
    price_amount bigint not null,
    currency text not null default 'usd',
    quantity_max integer not null default 1,
    is_enabled boolean not null default true,

    constraint credit_packs_pkey primary key (pack_key),
    constraint credit_packs_pack_key_is_slug check (pack_key ~ '^[a-z][a-z0-9_]{1,62}$'),
    constraint credit_packs_credits_positive check (credits > 0),
    constraint credit_packs_credits_last_positive check (credits_last > interval '0'),
    constraint credit_packs_price_amount_not_negative check (price_amount >= 0),
    constraint credit_packs_currency_is_iso check (currency ~ '^[a-z]{3}$'),
    constraint credit_packs_quantity_max_in_range check (quantity_max between 1 and 1000)
);

comment on table public.credit_packs is 'Credits that can be bought once.';
comment on column public.credit_packs.title is 'Its name, as people read it.';
comment on column public.credit_packs.description is 'What it is, as people read it.';
comment on column public.credit_packs.currency is 'ISO 4217, in lower case as Stripe has it.';
comment on column public.credit_packs.credits is 'Credits of one pack.';
comment on column public.credit_packs.credits_last is
'How long its credits live from the purchase on; null: for ever.';
comment on column public.credit_packs.price_amount is
'Price of one pack, in minor units of the currency.';
comment on column public.credit_packs.quantity_max is 'How many may be bought at once.';
comment on column public.credit_packs.is_enabled is 'Whether it can be bought now.';

create trigger _900_audit_change
after insert or update or delete on public.credit_packs
for each row
execute function private.tg__audit_change('pack_key');

alter table public.credit_packs enable row level security;

-- The price list is public: a visitor sees it before signing up.
create policy credit_packs_select_all
on public.credit_packs
as permissive
for select
to anon, authenticated
using (true);

comment on policy credit_packs_select_all on public.credit_packs is
'Everyone reads the price list.';

grant select on table public.credit_packs to anon, authenticated;
