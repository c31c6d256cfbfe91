-- Purpose: whether an unlimited plan covers a picture, within its fair use.
-- Touches: type private.plan_cover, functions private.count_plan_uses, private.plan_cover_of.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop type private.plan_cover cascade.

create type private.plan_cover as (
    subscription_id uuid,
    uses_left integer,
    next_use_at timestamptz
);

comment on type private.plan_cover is
'How far a plan covers the next picture: not at all when subscription_id is null, by credits when
uses_left is zero, until next_use_at.';

create function private.count_plan_uses(
    profile_id uuid,
    period interval,
    max_uses integer,
    out uses integer,
    out next_use_at timestamptz
)
language plpgsql
stable
set search_path = ''
as $$
begin
    -- At most as many rows as fair use allows, however long the history.
    select
        count(*),
        case when count(*) >= count_plan_uses.max_uses then
            min(u.created_at) + count_plan_uses.period
        end
    into count_plan_uses.uses, count_plan_uses.next_use_at
    from (
        select u.created_at
        from public.plan_uses as u
        where u.profile_id = count_plan_uses.profile_id
            and u.returned_at is null
            and u.created_at > now() - count_plan_uses.period
        order by u.created_at desc
        limit count_plan_uses.max_uses
    ) as u;
end;
$$;

comment on function private.count_plan_uses(uuid, interval, integer) is
'Pictures that plans covered within the period; when these are max_uses, when the next is free.';

create function private.plan_cover_of(
    profile_id uuid,
    unlimited_plans public.plans[]
)
returns private.plan_cover
language plpgsql
stable
set search_path = ''
as $$
declare
    v_subscription record;
    v_plan public.plans;
    v_day record;
    v_month record;
    v_cover private.plan_cover;
    v_best private.plan_cover;
begin
    if coalesce(cardinality(plan_cover_of.unlimited_plans), 0) = 0 then
        return null;
    end if;

    for v_subscription in
        select
            s.id,
            s.plan_name
        from public.subscriptions as s
        where s.profile_id = plan_cover_of.profile_id
            and s.is_active
            and (s.end_date is null or s.end_date > now())
        order by s.id
    loop
        select p.* into v_plan
        from unnest(plan_cover_of.unlimited_plans) as p
        where p.plan_name = v_subscription.plan_name;

        continue when not found;

        select * into v_day
        from private.count_plan_uses(
            plan_cover_of.profile_id, interval '24 hours', v_plan.fair_use_per_day
        );
        select * into v_month
        from private.count_plan_uses(
            plan_cover_of.profile_id, interval '30 days', v_plan.fair_use_per_month
        );

        v_cover := (
            v_subscription.id,
            least(v_plan.fair_use_per_day - v_day.uses, v_plan.fair_use_per_month - v_month.uses),
            greatest(v_day.next_use_at, v_month.next_use_at)
        )::private.plan_cover;

        -- With two such plans the one counts that covers more, or covers again sooner.
        if v_best.subscription_id is null
            or v_cover.uses_left > v_best.uses_left
            or (
                v_cover.uses_left = v_best.uses_left
                and v_cover.next_use_at < v_best.next_use_at
            )
        then
            v_best := v_cover;
        end if;
    end loop;

    return v_best;
end;
$$;

comment on function private.plan_cover_of(uuid, public.plans[]) is
'Of these unlimited plans the one that covers the next picture, and how many it still covers within
fair use: 24 rolling hours and 30 rolling days. Null when there is none.';
