-- Purpose: what happens when Auth makes, confirms or deletes a person.
-- Touches: functions private.tg_users__create_profile, private.tg_users__confirm,
--          private.try_close_account, private.tg_users__close_profile, triggers on auth.users.
-- Locks:   share row exclusive on auth.users, for an instant: sign-ups wait that long.
-- Rollout: pre.
-- Undo:    drop trigger … on auth.users; drop function.

set lock_timeout = '500ms';
set statement_timeout = '2s';

create function private.tg_users__create_profile()
returns trigger
language plpgsql
volatile
-- security definer because Auth inserts as supabase_auth_admin, which owns none of our tables
security definer
set search_path = ''
as $$
declare
    v_code constant text := new.raw_user_meta_data ->> 'referral';
begin
    -- Somebody who was deleted and is restored under the same id finds their profile again.
    perform private.stop_erasure(new.id);

    update public.profiles as p
    set deleted_at = null
    where p.id = new.id;

    -- 30^8 codes: a clash is rare, and another draw ends it.
    while not found loop
        insert into public.profiles (id, referral_code)
        values (new.id, private.random_code(8))
        on conflict on constraint profiles_referral_code_key do nothing;
    end loop;

    if btrim(v_code) <> '' then
        perform private.record_referral(new.id, v_code);
    end if;

    perform private.reward_sign_up(new.id, coalesce(new.is_anonymous, false));
    return null;
end;
$$;

comment on function private.tg_users__create_profile() is
'Makes the profile of a new person, its code and its first credits. Never stops a sign-up.';

create function private.tg_users__confirm()
returns trigger
language plpgsql
volatile
-- security definer because Auth updates as supabase_auth_admin, which owns none of our tables
security definer
set search_path = ''
as $$
begin
    perform private.reward_sign_up(new.id, coalesce(new.is_anonymous, false));
    return null;
end;
$$;

comment on function private.tg_users__confirm() is
'Pays what was waiting for a confirmed address, or for an anonymous person to become a real one.';

create function private.try_close_account(user_id uuid)
returns void
language plpgsql
volatile
set search_path = ''
set lock_timeout = '2s'
as $$
begin
    perform private.close_account(user_id, 'auth');
exception
    -- Whatever is wrong, Auth deletes the person all the same; private.sweep() tries again.
    when others then
        raise warning 'the erasure of % is postponed: %', user_id, sqlerrm;
end;
$$;

comment on function private.try_close_account(uuid) is
'Closes the account of a person whom Auth deletes, now or with the next sweep.';

create function private.tg_users__close_profile()
returns trigger
language plpgsql
volatile
-- security definer because Auth deletes as supabase_auth_admin, which owns none of our tables
security definer
set search_path = ''
as $$
begin
    perform private.try_close_account(old.id);

    update public.profiles as p
    set deleted_at = now()
    where p.id = old.id
        and p.deleted_at is null;
    return null;
end;
$$;

comment on function private.tg_users__close_profile() is
'Closes the account of a person who was deleted at Auth, and has their files erased. The money rows
stay, under a bare id.';

create trigger thumbsmith_900_create_profile
after insert on auth.users
for each row
execute function private.tg_users__create_profile();

-- Where confirmation is off, Auth still inserts the person unconfirmed and confirms by an UPDATE in
-- the same transaction, so this trigger pays there too.
create trigger thumbsmith_900_confirm
after update of email_confirmed_at, phone_confirmed_at, is_anonymous, email, phone on auth.users
for each row
when (
    (old.email_confirmed_at is null and new.email_confirmed_at is not null)
    or (old.phone_confirmed_at is null and new.phone_confirmed_at is not null)
    or (old.is_anonymous and not new.is_anonymous)
    -- A new address is claimed too, so that the person is known by it later.
    or old.email is distinct from new.email
    or old.phone is distinct from new.phone
)
execute function private.tg_users__confirm();

create trigger thumbsmith_900_close_profile
after delete on auth.users
for each row
execute function private.tg_users__close_profile();
