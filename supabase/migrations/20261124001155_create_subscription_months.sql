-- Purpose: which credits of a plan have been earned for which time, so that none is earned twice.
-- Touches: table private.subscription_months, function private.unearned_credits.
-- Locks:   share row exclusive on public.subscriptions, for an instant.
-- Rollout: pre.
-- Undo:    drop table private.subscription_months; drop function.

set lock_timeout = '500ms';
set statement_timeout = '2s';

create table private.subscription_months (
    profile_id uuid not null,
    subscription_id uuid not null,
    month_key text not null,
    month_start timestamptz not null,
    month_end timestamptz not null,
    credits bigint not null,
    earned numeric not null,
    granted bigint not null,

    constraint subscription_months_pkey primary key (subscription_id, month_key),
    constraint subscription_months_subscription_id_fkey
    foreign key (subscription_id) references public.subscriptions (id),
    constraint subscription_months_is_forward check (month_end > month_start),
    constraint subscription_months_earned_in_range check (earned between 0 and credits),
    constraint subscription_months_granted_in_range check (granted between 0 and credits)
);

comment on table private.subscription_months is
'The months, and the rests of months after an upgrade, for which a plan''s credits were granted.';
comment on column private.subscription_months.profile_id is 'Whose subscription it is.';
comment on column private.subscription_months.month_key is
'The start of a month, or the invoice line of an upgrade: granted once for each.';
comment on column private.subscription_months.credits is
'What a whole month under the plan and quantity paid for gives.';
comment on column private.subscription_months.earned is
'The exact part of that which this time earned: less than credits when it is short, or covered.';
comment on column private.subscription_months.granted is
'Whole credits granted with it, so that all months of a subscription together are rounded down
once.';

alter table private.subscription_months enable row level security;

create function private.unearned_credits(
    profile_id uuid,
    subscription_id uuid,
    from_at timestamptz,
    until_at timestamptz,
    credits bigint,
    month_length interval
)
returns numeric
language sql
stable
set search_path = ''
as $$
    with known as (
        select
            greatest(m.month_start, unearned_credits.from_at) as starts_at,
            least(m.month_end, unearned_credits.until_at) as ends_at,
            m.credits
        from private.subscription_months as m
        where m.profile_id = unearned_credits.profile_id
            and m.subscription_id = unearned_credits.subscription_id
            and m.month_start < unearned_credits.until_at
            and m.month_end > unearned_credits.from_at
    ),

    points as (
        select unearned_credits.from_at as point
        union
        select unearned_credits.until_at
        union
        select k.starts_at from known as k
        union
        select k.ends_at from known as k
    ),

    spans as (
        select
            p.point as starts_at,
            lead(p.point) over (order by p.point) as ends_at
        from points as p
    ),

    rises as (
        select
            extract(epoch from s.ends_at - s.starts_at) as seconds,
            greatest(
                unearned_credits.credits - coalesce((
                    select max(k.credits)
                    from known as k
                    where k.starts_at <= s.starts_at
                        and k.ends_at >= s.ends_at
                ), 0),
                0
            ) as credits
        from spans as s
        where s.ends_at is not null
    )

    select sum(r.seconds * r.credits) / extract(epoch from unearned_credits.month_length)
    from rises as r;
$$;

comment on function private.unearned_credits(
    uuid, uuid, timestamptz, timestamptz, bigint, interval
) is
'The credits of this time that no month granted before has given already, when a whole month gives
so many: second by second, what goes beyond the highest level reached so far.

An upgrade earns the difference for the time that is left; back and forth between plans earns
nothing twice.';
