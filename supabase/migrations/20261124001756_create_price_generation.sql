-- Purpose: what a thumbnail costs, and who pays.
-- Touches: function private.price_generation.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function.

create function private.price_generation(
    profile_id uuid,
    terms private.request_terms,
    pay_with_credits boolean
)
returns uuid
language plpgsql
stable
set search_path = ''
as $$
declare
    v_cover constant private.plan_cover := private.plan_cover_of(
        price_generation.profile_id, price_generation.terms.unlimited_plans
    );
begin
    if v_cover.uses_left > 0 then
        return v_cover.subscription_id;
    end if;

    -- Never a surprise: what the plan would have covered costs credits only if the person says so.
    if v_cover.subscription_id is not null and not price_generation.pay_with_credits then
        raise sqlstate 'PT402' using
            message = 'fair_use_reached',
            detail = format(
                'The fair use of your plan is reached until %s. This costs %s credits now.',
                to_char(v_cover.next_use_at at time zone 'utc', 'YYYY-MM-DD HH24:MI "UTC"'),
                (price_generation.terms.generation_type).cost_credits
            ),
            hint = 'Wait until then, or send pay_with_credits = true.';
    end if;

    return null;
end;
$$;

comment on function private.price_generation(uuid, private.request_terms, boolean) is
'The subscription that covers this picture; null when it costs credits. PT402 fair_use_reached when
the plan covers no more for now and the person has not agreed to pay.';
