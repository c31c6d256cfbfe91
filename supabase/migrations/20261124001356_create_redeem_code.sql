-- Purpose: RPC redeem_code: a promotional code becomes credits.
-- Touches: functions private.redeem_code, public.redeem_code.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function.

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
