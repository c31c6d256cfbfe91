-- Purpose: an account that was closed, and the proof that it was erased.
-- Touches: table private.erasures, functions private.start_erasure, private.stop_erasure,
--          private.jobs_of, private.lock_with_work, private.end_pages, private.close_account.
-- Locks:   share row exclusive on public.profiles, for an instant.
-- Rollout: pre.
-- Undo:    drop table private.erasures; drop function.

set lock_timeout = '500ms';
set statement_timeout = '2s';

create table private.erasures (
    id bigint not null generated always as identity,
    profile_id uuid not null,
    asked_by text not null,
    asked_at timestamptz not null default now(),
    answers jsonb not null default '[]',
    finished_at timestamptz,
    restored_at timestamptz,

    constraint erasures_pkey primary key (id),
    constraint erasures_profile_id_fkey foreign key (profile_id) references public.profiles (id),
    constraint erasures_asked_by_known check (asked_by in ('person', 'auth')),
    constraint erasures_answers_is_list check (jsonb_typeof(answers) = 'array')
);

create unique index erasures_profile_id_key on private.erasures (profile_id)
where restored_at is null;
create index erasures_profile_id_idx on private.erasures (profile_id);
create index erasures_finished_at_idx on private.erasures (finished_at)
where restored_at is null;

comment on table private.erasures is
'Accounts that were deleted, and what Storage, Stripe and Auth answered when they were asked to
delete what they had: the proof. Holds no name of a file and no address.';
comment on column private.erasures.asked_by is
'person: delete_my_account. auth: the person was deleted at Auth, in the dashboard for example.';
comment on column private.erasures.answers is 'In the order in which they came.';
comment on column private.erasures.finished_at is
'When nothing personal was left. Null again while something that came later is erased.';
comment on column private.erasures.restored_at is
'When Auth made the person again under the same id: what was not erased by then stays.';

alter table private.erasures enable row level security;

create function private.start_erasure(profile_id uuid, asked_by text)
returns void
language plpgsql
volatile
set search_path = ''
as $$
#variable_conflict use_column
begin
    insert into private.erasures (profile_id, asked_by)
    values (start_erasure.profile_id, start_erasure.asked_by)
    on conflict (profile_id) where restored_at is null do update
    set finished_at = null;

    insert into private.outbox (kind, profile_id)
    values ('erase', start_erasure.profile_id)
    on conflict (profile_id) where profile_id is not null do nothing;

    perform private.wake_worker();
end;
$$;

comment on function private.start_erasure(uuid, text) is
'Has a closed account erased, or what turned up after it was.';

create function private.stop_erasure(profile_id uuid)
returns void
language plpgsql
volatile
set search_path = ''
as $$
begin
    perform private.end_job(o.id)
    from private.outbox as o
    where o.profile_id = stop_erasure.profile_id;

    update private.erasures as e
    set restored_at = now()
    where e.profile_id = stop_erasure.profile_id
        and e.restored_at is null;

    -- A consent that has ended does not come back.
    insert into private.outbox (kind, user_image_id)
    select
        'remove_face',
        i.id
    from public.user_images as i
    where i.profile_id = stop_erasure.profile_id
        and i.removed_at is not null
        and i.deleted_at is null
    on conflict (user_image_id) where user_image_id is not null do nothing;
end;
$$;

comment on function private.stop_erasure(uuid) is
'The person is back under the same id: nothing more is erased than the photos that were removed.';

create function private.jobs_of(profile_id uuid)
returns bigint[]
language sql
stable
set search_path = ''
as $$
    select coalesce(array_agg(o.id order by o.id), '{}')
    from private.outbox as o
    where o.generation_id in (
        select g.id
        from public.generations as g
        where g.profile_id = jobs_of.profile_id
            and g.finished_at is null
    )
    or o.checkout_id in (
        select c.id
        from public.checkouts as c
        where c.profile_id = jobs_of.profile_id
            and c.finished_at is null
    );
$$;

comment on function private.jobs_of(uuid) is
'The jobs of a person''s thumbnails and pages that are under way.';

create function private.lock_with_work(profile_id uuid)
returns void
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_jobs bigint[];
begin
    loop
        begin
            v_jobs := private.jobs_of(lock_with_work.profile_id);

            perform
            from private.outbox as o
            where o.id = any(v_jobs)
            order by o.id
            for update;

            perform
            from public.generations as g
            where g.profile_id = lock_with_work.profile_id
                and g.finished_at is null
            order by g.id
            for no key update;

            perform private.lock_profiles(array[lock_with_work.profile_id]);

            if not private.jobs_of(lock_with_work.profile_id) <@ v_jobs then
                raise sqlstate 'TS001';
            end if;
            return;
        exception
            -- Something was asked for while this waited. Locking its job now would be out of order,
            -- so the locks of this block are let go and taken anew.
            when sqlstate 'TS001' then
                null;
        end;
    end loop;
end;
$$;

comment on function private.lock_with_work(uuid) is
'Locks all that a person has under way and then the profile, in the order of private.sweep() and
the workers.';

create function private.end_pages(profile_id uuid)
returns void
language plpgsql
volatile
set search_path = ''
as $$
begin
    -- A customer that Stripe may be making now is waited for, or nobody would know its id.
    perform private.end_job(o.id)
    from (
        select o.id
        from private.outbox as o
        inner join public.checkouts as c on o.checkout_id = c.id
        where c.profile_id = end_pages.profile_id
            and not (o.kind = 'customer' and (o.lease_token is not null or o.attempts > 0))
        for update of o
    ) as o;

    -- Those that are open at Stripe are ended there first.
    perform private.close_checkout(c.id, 'expired')
    from public.checkouts as c
    where c.profile_id = end_pages.profile_id
        and c.finished_at is null
        and c.stripe_session_id is null
        and not exists (
            select
            from private.outbox as o
            where o.checkout_id = c.id
        );
end;
$$;

comment on function private.end_pages(uuid) is
'Ends the pages of Stripe that a person has asked for and that are not open there.';

create function private.close_account(profile_id uuid, asked_by text)
returns timestamptz
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_deleted_at timestamptz;
    v_running record;
begin
    perform private.lock_with_work(close_account.profile_id);

    if exists (
        select
        from private.erasures as e
        inner join public.profiles as p on e.profile_id = p.id
        where e.profile_id = close_account.profile_id
            and e.restored_at is null
            and p.deleted_at is not null
    ) then
        return null;
    end if;

    update public.profiles as p
    set deleted_at = coalesce(p.deleted_at, now())
    where p.id = close_account.profile_id
    returning p.deleted_at into v_deleted_at;

    if not found then
        return null;
    end if;

    for v_running in
        select
            g.id,
            g.status = 'storing' as is_storing
        from public.generations as g
        where g.profile_id = close_account.profile_id
            and g.finished_at is null
        order by g.id
    loop
        -- What is being stored cannot be canceled any more.
        perform private.finish_generation(
            v_running.id,
            case when v_running.is_storing then 'failed' else 'canceled' end,
            case when v_running.is_storing then 'account_deleted' end
        );
        perform private.release_work(v_running.id);
    end loop;

    -- Their files go with the whole folder.
    update public.user_images as i
    set
        removed_at = now(),
        removal_reason = 'account'
    where i.profile_id = close_account.profile_id
        and i.removed_at is null;

    perform private.end_pages(close_account.profile_id);
    perform private.start_erasure(close_account.profile_id, close_account.asked_by);
    return v_deleted_at;
end;
$$;

comment on function private.close_account(uuid, text) is
'Closes an account and has it erased: thumbnails under way end with their credits back, photos are
not used any more, pages of Stripe end. Returns since when it is closed; null when it was before, or
there is none.';
