-- Purpose: RPC redeem_code: a promotional code becomes credits.
-- Touches: functions private.count_redemptions, private.check_promo_code, private.redeem_code,
--          public.redeem_code.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function.

create function private.count_redemptions(
    promo_code_id uuid,
    profile_id uuid,
    address_hash bytea
)
returns integer
language sql
stable
set search_path = ''
as $$
    select count(*)::integer
    from private.promo_redemptions as r
    where r.promo_code_id = count_redemptions.promo_code_id
        and (
            r.profile_id = count_redemptions.profile_id
            or r.address_hash = count_redemptions.address_hash
        );
$$;

comment on function private.count_redemptions(uuid, uuid, bytea) is
'How often a person redeemed a code, under any of their accounts.';

create function private.check_promo_code(promo_code private.promo_codes, used integer)
returns void
language plpgsql
stable
set search_path = ''
as $$
declare
    v_slug text;
    v_detail text;
begin
    if check_promo_code.promo_code.ends_at <= now() then
        v_slug := 'code_expired';
        v_detail := 'This code has ended.';
    elsif check_promo_code.used >= check_promo_code.promo_code.max_per_person then
        v_slug := 'code_already_redeemed';
        v_detail := format('You have redeemed this code %s times.', check_promo_code.used);
    elsif check_promo_code.promo_code.redemptions >= check_promo_code.promo_code.max_redemptions
    then
        v_slug := 'code_exhausted';
        v_detail := 'This code has been redeemed as often as it may be.';
    else
        return;
    end if;

    raise sqlstate 'PT409' using
        message = v_slug,
        detail = v_detail,
        hint = 'Use another code.';
end;
$$;

comment on function private.check_promo_code(private.promo_codes, integer) is
'Refuses a code that cannot be redeemed any more: PT409 code_expired, code_already_redeemed,
code_exhausted.';

create function private.redeem_code(code text)
returns jsonb
language plpgsql
volatile
-- security definer because only rules may write: the caller holds no grant on any of these tables
security definer
set search_path = ''
as $$
declare
    v_profile_id constant uuid := private.lock_caller();
    v_address_hash constant bytea := private.address_hash_of(v_profile_id);
    v_retry_after constant integer := private.code_retry_after(v_profile_id);
    v_promo private.promo_codes;
    v_used integer;
    v_expires_at timestamptz;
begin
    perform private.check_plain_call();

    if not private.is_confirmed(v_profile_id) then
        raise sqlstate 'PT403' using
            message = 'confirmed_address_required',
            detail = 'Codes are for people with a confirmed address.',
            hint = 'Confirm your address first.';
    end if;

    if v_retry_after is not null then
        return private.too_many_codes(v_retry_after);
    end if;

    select c.* into v_promo
    from private.promo_codes as c
    where c.code_hash = private.keyed_hash(private.normal_code(redeem_code.code))
        and c.disabled_at is null
        and c.starts_at <= now()
    for no key update;

    if not found then
        perform private.note_code_failure(v_profile_id);
        return private.refuse(
            404, 'code_not_found', 'There is no such code.', 'Copy the code instead of typing it.'
        );
    end if;

    v_used := private.count_redemptions(v_promo.id, v_profile_id, v_address_hash);
    perform private.check_promo_code(v_promo, v_used);

    update private.promo_codes as c
    set redemptions = c.redemptions + 1
    where c.id = v_promo.id;

    insert into private.promo_redemptions (
        promo_code_id, profile_id, redemption_number, address_hash
    )
    values (v_promo.id, v_profile_id, v_used + 1, v_address_hash);

    v_expires_at := now() + v_promo.credits_last;

    perform private.grant_credits(
        v_profile_id,
        v_promo.credits,
        'promotion',
        format('promo:%s:%s:%s', v_promo.id, v_profile_id, v_used + 1),
        v_expires_at
    );

    return jsonb_build_object('credits', v_promo.credits, 'expires_at', v_expires_at);
end;
$$;

comment on function private.redeem_code(text) is 'The rule behind public.redeem_code.';
grant execute on function private.redeem_code(text) to authenticated;

create function public.redeem_code(code text)
returns jsonb
language sql
volatile
security invoker
set search_path = ''
as $$
    select private.redeem_code(redeem_code.code);
$$;

comment on function public.redeem_code(text) is
'Turn a promotional code into credits.

For signed-in people with a confirmed address. Returns {"credits": number, "expires_at": string |
null}; expires_at is null when they never expire. Refuses with 403 confirmed_address_required; 404
code_not_found; 409 code_expired, code_exhausted, code_already_redeemed; 429 too_many_codes after
too many wrong codes within an hour, with Retry-After.';
grant execute on function public.redeem_code(text) to authenticated;
