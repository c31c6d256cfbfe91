-- Purpose: pictures that an unlimited plan covers, within its fair use.
-- Touches: table public.plan_uses, type private.plan_cover, function private.plan_cover_of.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop table public.plan_uses; drop type private.plan_cover cascade.

create table public.plan_uses (
    generation_id uuid not null,
    profile_id uuid not null,
    subscription_id uuid not null,
    created_at timestamptz not null default now(),
    returned_at timestamptz,

    constraint plan_uses_pkey primary key (generation_id),
    constraint plan_uses_generation_id_fkey
    foreign key (generation_id) references public.generations (id),
    constraint plan_uses_profile_id_fkey foreign key (profile_id) references public.profiles (id),
    constraint plan_uses_subscription_id_fkey
    foreign key (subscription_id) references public.subscriptions (id)
);

create index plan_uses_profile_id_created_at_idx
on public.plan_uses (profile_id, created_at desc)
where returned_at is null;

create index plan_uses_subscription_id_idx on public.plan_uses (subscription_id);

comment on table public.plan_uses is
'One row per generation that an unlimited plan paid for.';
comment on column public.plan_uses.returned_at is
'When it ended without a picture: from then on it does not count.';

alter table public.plan_uses enable row level security;

create policy plan_uses_select_own
on public.plan_uses
as permissive
for select
to authenticated
using (profile_id = (select auth.uid()));

comment on policy plan_uses_select_own on public.plan_uses is
'A person reads what their plan covered.';

grant select on table public.plan_uses to authenticated;

create type private.plan_cover as (
    subscription_id uuid,
    uses_left integer,
    next_use_at timestamptz
);

comment on type private.plan_cover is
'How far a plan covers the next picture: not at all when subscription_id is null, by credits when
uses_left is zero, until next_use_at.';

create function private.plan_cover_of(profile_id uuid, generation_type text)
returns private.plan_cover
language sql
stable
set search_path = ''
as $$
    select
        s.id,
        least(
            p.fair_use_per_day - today.uses, p.fair_use_per_month - this_month.uses
        )::integer,
        greatest(
            case when today.uses >= p.fair_use_per_day then today.first_at + interval '24 hours'
            end, case
                when this_month.uses >= p.fair_use_per_month
                    then this_month.first_at + interval '30 days'
            end
        )
    from public.subscriptions as s
    inner join public.plans as p on s.plan_name = p.plan_name
    inner join public.generation_types as t on t.type_key = plan_cover_of.generation_type
    -- At most as many rows as fair use allows, however long the history.
    cross join lateral (
        select
            count(*) as uses,
            min(u.created_at) as first_at
        from (
            select u.created_at
            from public.plan_uses as u
            where u.profile_id = s.profile_id
                and u.returned_at is null
                and u.created_at > now() - interval '24 hours'
            order by u.created_at desc
            limit p.fair_use_per_day
        ) as u
    ) as today
    cross join lateral (
        select
            count(*) as uses,
            min(u.created_at) as first_at
        from (
            select u.created_at
            from public.plan_uses as u
            where u.profile_id = s.profile_id
                and u.returned_at is null
                and u.created_at > now() - interval '30 days'
            order by u.created_at desc
            limit p.fair_use_per_month
        ) as u
    ) as this_month
    where s.profile_id = plan_cover_of.profile_id
        and s.is_active
        and (s.end_date is null or s.end_date > now())
        and p.is_unlimited
        and t.is_in_unlimited
    order by 2 desc, s.id
    limit 1;
$$;

comment on function private.plan_cover_of(uuid, text) is
'The unlimited plan that covers the next picture of this type, and how many it still covers within
fair use: 24 rolling hours and 30 rolling days. Null when there is none.';
