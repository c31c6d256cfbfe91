-- Purpose: how much one person may ask for, under the lock that the spend takes anyway.
-- Touches: functions private.check_rate, private.check_limits.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function.

create function private.check_rate(
    profile_id uuid,
    max_requests integer,
    period interval,
    slug text
)
returns void
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_oldest timestamptz;
    v_floor uuid;
begin
    if check_rate.max_requests is null then
        return;
    end if;

    v_floor := private.uuid_v7_floor(now() - check_rate.period);

    -- The oldest of the last max_requests within the period, by the key alone: it reads at most
    -- that many rows, however long the history.
    select g.created_at into v_oldest
    from public.generations as g
    where g.profile_id = check_rate.profile_id
        and g.id >= v_floor
    order by g.id desc
    offset check_rate.max_requests - 1
    limit 1;

    if found then
        perform private.refuse_for_now(
            check_rate.slug,
            format('At most %s thumbnails may be asked for within %s seconds.',
                check_rate.max_requests, extract(epoch from check_rate.period)::integer),
            'Wait as long as Retry-After says, and try again with the same idempotency_key.',
            ceil(extract(epoch from v_oldest + check_rate.period - now()))::integer
        );
    end if;
end;
$$;

comment on function private.check_rate(uuid, integer, interval, text) is
'Refuses with 429 and the given slug when this many generations were asked for within the period. No
limit when max_requests is null.';

create function private.check_limits(profile_id uuid, settings private.settings)
returns void
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_settings constant private.settings := check_limits.settings;
    v_running integer;
begin
    select count(*) into v_running
    from (
        select
        from public.generations as g
        where g.profile_id = check_limits.profile_id
            and g.finished_at is null
        limit v_settings.max_running_generations
    ) as g;

    if v_running >= v_settings.max_running_generations then
        perform private.refuse_for_now(
            'too_many_running',
            format('%s thumbnails are under way: as many as may be.', v_running),
            'Wait until one is finished, and try again with the same idempotency_key.',
            10
        );
    end if;

    perform private.check_rate(
        check_limits.profile_id, v_settings.max_generations_per_minute, interval '1 minute',
        'too_many_per_minute'
    );
    perform private.check_rate(
        check_limits.profile_id, v_settings.max_generations_per_day, interval '24 hours',
        'too_many_per_day'
    );
end;
$$;

comment on function private.check_limits(uuid, private.settings) is
'Refuses with 429 too_many_running, too_many_per_minute, too_many_per_day. The caller holds the
profile''s lock, so that no number of requests at once gets past.';
