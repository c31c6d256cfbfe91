-- Purpose: credits go out: from one lot after the other.
-- Touches: functions private.burn_lots, private.spend_credits.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function.

create function private.burn_lots(
    profile_id uuid,
    amount bigint,
    kind text,
    generation_id uuid default null,
    reason text default null
)
returns bigint
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_lot record;
    v_left bigint := burn_lots.amount;
begin
    -- By their own expiry, not by a sweep: what has expired is not burned from that instant on.
    for v_lot in
        select
            l.id,
            l.remaining
        from public.credit_lots as l
        where l.profile_id = burn_lots.profile_id
            and l.exhausted_at is null
            and l.frozen_at is null
            and (l.expires_at is null or l.expires_at > now())
        order by l.priority, l.expires_at, l.created_at, l.id
    loop
        exit when v_left = 0;

        insert into public.credit_entries (
            profile_id, lot_id, amount, kind, generation_id, reason
        )
        values (
            burn_lots.profile_id, v_lot.id, -least(v_lot.remaining, v_left), burn_lots.kind,
            burn_lots.generation_id, burn_lots.reason
        );

        v_left := v_left - least(v_lot.remaining, v_left);
    end loop;

    return v_left;
end;
$$;

comment on function private.burn_lots(uuid, bigint, text, uuid, text) is
'Takes credits from the open lots: by priority, then earliest expiry, then oldest; one entry per
lot. Returns how many were missing. The caller holds the profile''s lock.';

create function private.spend_credits(profile_id uuid, amount bigint, generation_id uuid)
returns void
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_missing bigint;
begin
    perform private.lock_profile(spend_credits.profile_id);

    v_missing := private.burn_lots(
        spend_credits.profile_id, spend_credits.amount, 'spend', spend_credits.generation_id
    );

    if v_missing > 0 then
        raise sqlstate 'PT402' using
            message = 'insufficient_credits',
            detail = format(
                'It costs %s credits and %s are missing.', spend_credits.amount, v_missing
            ),
            hint = 'Buy credits, or ask for a cheaper generation type.';
    end if;
end;
$$;

comment on function private.spend_credits(uuid, bigint, uuid) is
'Burns credits for a generation, or raises PT402 insufficient_credits and changes nothing.';
