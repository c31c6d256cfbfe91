-- Purpose: all that a person has under way, locked.
-- Touches: functions private.jobs_of, private.lock_with_work.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function.

create function private.jobs_of(profile_id uuid)
returns bigint[]
language sql
stable
set search_path = ''
as $$
    select coalesce(array_agg(w.id order by w.id), '{}')
    from (
        select j.id
        from private.generation_jobs as j
        where j.profile_id = jobs_of.profile_id
            and j.generation_id in (
                select g.id
                from public.generations as g
                where g.profile_id = jobs_of.profile_id
                    and g.finished_at is null
            )
        union all
        select j.id
        from private.jobs as j
        where j.profile_id = jobs_of.profile_id
            and j.checkout_id in (
                select c.id
                from public.checkouts as c
                where c.profile_id = jobs_of.profile_id
                    and c.finished_at is null
            )
    ) as w;
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
            from private.generation_jobs as j
            where j.profile_id = lock_with_work.profile_id
                and j.id = any(v_jobs)
            order by j.id
            for update;

            perform
            from private.jobs as j
            where j.id = any(v_jobs)
            order by j.id
            for update;

            perform
            from public.generations as g
            where g.profile_id = lock_with_work.profile_id
                and g.finished_at is null
            order by g.id
            for no key update;

            perform private.lock_profile(lock_with_work.profile_id);

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
