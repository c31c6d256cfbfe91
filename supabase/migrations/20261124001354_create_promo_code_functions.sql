-- Purpose: make a code, and disable it.
-- Touches: functions private.normal_code, private.create_promo_code, private.disable_promo_code.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function.

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
