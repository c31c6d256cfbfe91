-- Purpose: who is calling, with their profile locked.
-- Touches: functions private.refuse_not_signed_in, private.signed_in_profile, private.lock_person,
--          private.lock_caller.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function.

create function private.refuse_not_signed_in(profile_id uuid)
returns void
language plpgsql
-- Not immutable: whoever plans a call of it would be refused.
stable
set search_path = ''
as $$
begin
    raise sqlstate 'PT401' using
        message = 'not_signed_in',
        detail = case
            when refuse_not_signed_in.profile_id is null then 'This needs a signed-in person.'
            else 'This account does not exist any more.'
        end,
        hint = 'Sign in, and send the access token.';
end;
$$;

comment on function private.refuse_not_signed_in(uuid) is 'Refuses with PT401 not_signed_in.';
grant execute on function private.refuse_not_signed_in(uuid) to authenticated;

create function private.signed_in_profile()
returns uuid
language plpgsql
stable
set search_path = ''
as $$
declare
    v_profile_id constant uuid := auth.uid();
begin
    -- The token of a deleted account is valid for up to an hour.
    if not exists (
        select
        from public.profiles as p
        where p.id = v_profile_id
            and p.deleted_at is null
    ) then
        perform private.refuse_not_signed_in(v_profile_id);
    end if;
    return v_profile_id;
end;
$$;

comment on function private.signed_in_profile() is
'The caller''s profile id, or PT401 not_signed_in: also when the account was deleted.';
grant execute on function private.signed_in_profile() to authenticated;

create function private.lock_person(profile_id uuid)
returns void
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_deleted_at timestamptz;
begin
    select p.deleted_at into v_deleted_at
    from public.profiles as p
    where p.id = lock_person.profile_id
    for no key update;

    -- Looked at under the lock: a deletion that came first is seen.
    if not found or v_deleted_at is not null then
        perform private.refuse_not_signed_in(lock_person.profile_id);
    end if;
end;
$$;

comment on function private.lock_person(uuid) is
'Locks the profile of somebody who calls, so that calls of one person follow each other. Refuses
with PT401 not_signed_in when there is none, or the account was deleted.';

create function private.lock_caller(other_id uuid default null)
returns uuid
language plpgsql
volatile
set search_path = ''
as $$
begin
    perform private.lock_profiles(array[auth.uid(), lock_caller.other_id]);

    -- Looked at under the lock: a deletion that came first is seen.
    return private.signed_in_profile();
end;
$$;

comment on function private.lock_caller(uuid) is
'Locks the caller''s profile, and another one with it, so that calls of one person follow each
other. Returns the caller''s id, or refuses with PT401 not_signed_in.';
