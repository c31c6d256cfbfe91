-- Purpose: what an export has from tables that nobody may read.
-- Touches: function private.export_private_rows.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function.

create function private.export_private_rows()
returns jsonb
language plpgsql
stable
-- security definer because the caller reads nothing in this schema: only their own rows leave here
security definer
set search_path = ''
as $$
declare
    v_profile_id constant uuid := private.signed_in_profile();
begin
    return jsonb_build_object(
        'redemptions', (
            select coalesce(
                jsonb_agg(
                    jsonb_build_object(
                        'promo_code_id', r.promo_code_id,
                        'redemption_number', r.redemption_number,
                        'created_at', r.created_at
                    )
                    order by r.created_at
                ),
                '[]'
            )
            from private.promo_redemptions as r
            where r.profile_id = v_profile_id
        ),
        'stripe_customers', (
            select coalesce(
                jsonb_agg(
                    jsonb_build_object('customer_id', c.customer_id, 'created_at', c.created_at)
                    order by c.created_at
                ),
                '[]'
            )
            from private.stripe_customers as c
            where c.profile_id = v_profile_id
        ),
        'known_addresses', (
            select coalesce(
                jsonb_agg(
                    jsonb_build_object(
                        'address_hash', encode(k.address_hash, 'hex'),
                        'claimed_at', k.claimed_at
                    )
                    order by k.claimed_at
                ),
                '[]'
            )
            from private.known_addresses as k
            where k.profile_id = v_profile_id
        )
    );
end;
$$;

comment on function private.export_private_rows() is
'What is kept about the caller outside of the tables that they read themselves.';
grant execute on function private.export_private_rows() to authenticated;
