-- Purpose: whether a code may be redeemed.
-- Touches: functions private.count_redemptions, private.check_promo_code.
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
