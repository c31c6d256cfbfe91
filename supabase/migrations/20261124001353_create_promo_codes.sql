-- Purpose: codes that give credits, and who redeemed them.
-- Touches: tables private.promo_codes, private.promo_redemptions.
-- Locks:   share row exclusive on public.profiles, for an instant.
-- Rollout: pre.
-- Undo:    drop table private.promo_redemptions, private.promo_codes.

set lock_timeout = '500ms';
set statement_timeout = '2s';

create table private.promo_codes (
    id uuid not null default private.uuid_v7(),
    code_hash bytea not null,
    code_hint text not null,
    credits bigint not null,
    max_redemptions integer,
    max_per_person integer not null default 1,
    starts_at timestamptz not null default now(),
    ends_at timestamptz,
    credits_last interval,
    redemptions integer not null default 0,
    created_at timestamptz not null default now(),
    disabled_at timestamptz,

    constraint promo_codes_pkey primary key (id),
    constraint promo_codes_code_hash_key unique (code_hash),
    constraint promo_codes_credits_positive check (credits > 0),
    constraint promo_codes_max_redemptions_positive check (max_redemptions > 0),
    constraint promo_codes_max_per_person_positive check (max_per_person > 0),
    constraint promo_codes_ends_after_start check (ends_at > starts_at),
    constraint promo_codes_credits_last_positive check (credits_last > interval '0'),
    constraint promo_codes_redemptions_in_range
    check (redemptions between 0 and coalesce(max_redemptions, redemptions))
);

comment on table private.promo_codes is
'Promotional codes. Only a keyed hash of each is kept: whoever reads this table cannot redeem
them.';
comment on column private.promo_codes.code_hash is
'Of the code, normalised; see private.keyed_hash.';
comment on column private.promo_codes.credits is 'Credits of one redemption.';
comment on column private.promo_codes.max_per_person is 'Redemptions of one person.';
comment on column private.promo_codes.redemptions is
'How often it was redeemed, by everybody together.';
comment on column private.promo_codes.code_hint is 'The last two characters, to tell codes apart.';
comment on column private.promo_codes.max_redemptions is 'By everybody together; null: no limit.';
comment on column private.promo_codes.credits_last is
'How long the credits live after they were redeemed; null: they never expire.';

alter table private.promo_codes enable row level security;

create table private.promo_redemptions (
    promo_code_id uuid not null,
    profile_id uuid not null,
    redemption_number integer not null,
    address_hash bytea,
    created_at timestamptz not null default now(),

    constraint promo_redemptions_pkey primary key (promo_code_id, profile_id, redemption_number),
    constraint promo_redemptions_promo_code_id_fkey
    foreign key (promo_code_id) references private.promo_codes (id),
    constraint promo_redemptions_profile_id_fkey
    foreign key (profile_id) references public.profiles (id)
);

create index promo_redemptions_profile_id_idx on private.promo_redemptions (profile_id);
create index promo_redemptions_address_hash_idx
on private.promo_redemptions (promo_code_id, address_hash);

comment on table private.promo_redemptions is
'Who redeemed what. The lot has the grant key promo:<code id>:<profile id>:<number>.';
comment on column private.promo_redemptions.address_hash is
'Keyed hash of the address by then: a person who signs up again is the same person.';

alter table private.promo_redemptions enable row level security;
