-- Purpose: promotional codes: what they give, how often, and to whom they were given.
-- Touches: tables private.promo_codes, private.promo_redemptions, functions
--          private.normal_code, private.create_promo_code, private.disable_promo_code.
-- Locks:   share row exclusive on public.profiles, for an instant.
-- Rollout: pre.
-- Undo:    drop table private.promo_redemptions, private.promo_codes; drop function.

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

create function private.normal_code(code text)
returns text
language sql
immutable
set search_path = ''
as $$
    select upper(regexp_replace(normal_code.code, '[\s-]', '', 'g'));
$$;

comment on function private.normal_code(text) is
'A promotional code as it is hashed: upper case, without blanks and hyphens.';

create function private.create_promo_code(
    code text,
    credits bigint,
    who text,
    why text,
    max_redemptions integer default null,
    max_per_person integer default 1,
    starts_at timestamptz default now(),
    ends_at timestamptz default null,
    credits_last interval default null
)
returns text
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_code constant text := coalesce(
        private.normal_code(create_promo_code.code), private.random_code(12)
    );
    v_id uuid;
begin
    if v_code !~ '^[A-Z0-9]{4,40}$' then
        raise sqlstate 'PT422' using
            message = 'code_malformed',
            detail = 'A promotional code has 4 to 40 letters and digits.',
            hint = 'Leave the code out to get a random one.';
    end if;

    -- Before the constraints: their error would repeat the row.
    if least(
        create_promo_code.credits, create_promo_code.max_redemptions,
        create_promo_code.max_per_person
    ) < 1 then
        raise sqlstate 'PT422' using
            message = 'amount_not_positive',
            detail = 'Credits and limits have to be positive.',
            hint = 'Leave a limit out where there is none.';
    end if;

    if create_promo_code.ends_at <= greatest(create_promo_code.starts_at, now())
        or create_promo_code.credits_last <= interval '0'
    then
        raise sqlstate 'PT422' using
            message = 'expiry_not_ahead',
            detail = 'The code, or its credits, would be over before they begin.',
            hint = 'Give a time that is ahead, or none.';
    end if;

    insert into private.promo_codes (
        code_hash, code_hint, credits, max_redemptions, max_per_person, starts_at, ends_at,
        credits_last
    )
    values (
        private.keyed_hash(v_code), right(v_code, 2), create_promo_code.credits,
        create_promo_code.max_redemptions, create_promo_code.max_per_person,
        create_promo_code.starts_at, create_promo_code.ends_at, create_promo_code.credits_last
    )
    on conflict on constraint promo_codes_code_hash_key do nothing
    returning id into v_id;

    if v_id is null then
        raise sqlstate 'PT409' using
            message = 'code_exists',
            detail = 'This promotional code exists already.',
            hint = 'Choose another code.';
    end if;

    perform private.audit(
        create_promo_code.who,
        'create_promo_code',
        create_promo_code.why,
        'promo_code:' || v_id,
        details => jsonb_build_object('promo_code_id', v_id, 'credits', create_promo_code.credits)
    );
    return v_code;
end;
$$;

comment on function private.create_promo_code(
    text, bigint, text, text, integer, integer, timestamptz, timestamptz, interval
) is
'Makes a promotional code, a random one when code is null, and returns it: the only time it is seen.
Refuses with PT409 code_exists; PT422 code_malformed, amount_not_positive, expiry_not_ahead,
reason_required.';

create function private.disable_promo_code(promo_code_id uuid, who text, why text)
returns boolean
language plpgsql
volatile
set search_path = ''
as $$
begin
    update private.promo_codes as c
    set disabled_at = now()
    where c.id = disable_promo_code.promo_code_id
        and c.disabled_at is null;

    if not found then
        return false;
    end if;

    return private.audit(
        disable_promo_code.who,
        'disable_promo_code',
        disable_promo_code.why,
        'disable_promo_code:' || disable_promo_code.promo_code_id,
        details => jsonb_build_object('promo_code_id', disable_promo_code.promo_code_id)
    );
end;
$$;

comment on function private.disable_promo_code(uuid, text, text) is
'Ends a promotional code now. False when it was ended before, or there is none.';
