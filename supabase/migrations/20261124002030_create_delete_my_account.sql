-- Purpose: RPC delete_my_account.
-- Touches: functions private.delete_my_account, public.delete_my_account.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function.

create function private.delete_my_account(confirmation text)
returns jsonb
language plpgsql
volatile
-- security definer because only rules may write: the caller holds no grant on any of these tables
security definer
set search_path = ''
as $$
declare
    v_profile_id constant uuid := private.signed_in_profile();
    v_deleted_at timestamptz;
begin
    if delete_my_account.confirmation is distinct from 'delete my account' then
        raise sqlstate 'PT422' using
            message = 'confirmation_required',
            detail = 'The confirmation has to be: delete my account',
            hint = 'Ask the person first: what is deleted does not come back.';
    end if;

    v_deleted_at := private.close_account(v_profile_id, 'person');

    -- Another call was first: from here on the account is gone for this one too.
    if v_deleted_at is null then
        perform private.signed_in_profile();
    end if;

    return jsonb_build_object('deleted_at', v_deleted_at);
end;
$$;

comment on function private.delete_my_account(text) is
'The rule behind public.delete_my_account.';
grant execute on function private.delete_my_account(text) to authenticated;

create function public.delete_my_account(confirmation text)
returns jsonb
language sql
volatile
security invoker
set search_path = ''
as $$
    select private.delete_my_account(delete_my_account.confirmation);
$$;

comment on function public.delete_my_account(text) is
'Delete the signed-in person''s account. There is no way back.

confirmation has to be the words: delete my account. Closed at once: thumbnails under way are
canceled, and every further call is refused with PT401 not_signed_in, this one too, although the
token is valid for a while. Soon after, photos and pictures are deleted from Storage, the customer
and its subscriptions at Stripe, what was asked for, and the login itself. Payments and the ledger
stay under a bare id, as the law on accounts wants it. Returns {"deleted_at": string}. Refuses with
PT422 confirmation_required.';
grant execute on function public.delete_my_account(text) to authenticated;
