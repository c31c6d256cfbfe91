-- Purpose: compare everything at Stripe with our rows, and repair what differs.
-- Touches: table private.reconcile_runs, functions private.compare_stripe_objects,
--          private.repair_stripe_objects.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop table private.reconcile_runs; drop function.

create table private.reconcile_runs (
    id bigint not null generated always as identity,
    since timestamptz not null,
    started_at timestamptz not null default now(),
    finished_at timestamptz,
    place integer not null default 1,
    last_object_id text,
    seen integer not null default 0,
    differing integer not null default 0,

    constraint reconcile_runs_pkey primary key (id)
);

create unique index reconcile_runs_unfinished_key on private.reconcile_runs ((true))
where finished_at is null;

comment on table private.reconcile_runs is
'Comparisons of Stripe with our rows, page by page, by the worker.';
comment on column private.reconcile_runs.seen is 'Objects of Stripe it has looked at.';
comment on column private.reconcile_runs.differing is 'Objects that differed from our rows.';
comment on column private.reconcile_runs.place is 'Which of private.reconcile_calls() is next.';
comment on column private.reconcile_runs.last_object_id is
'After which object its next page begins.';

alter table private.reconcile_runs enable row level security;

create function private.compare_stripe_objects(objects jsonb)
returns table (object_type text, object_id text, difference text, is_repairable boolean)
language sql
stable
set search_path = ''
as $$
    select
        d.object ->> 'object',
        d.object ->> 'id',
        coalesce(a.slug, d.difference),
        a.slug is null
    from (
        select
            o.object,
            private.stripe_difference(o.object) as difference
        from jsonb_array_elements(compare_stripe_objects.objects) as o (object)
    ) as d
    -- What was looked at and found to be a matter for a person.
    left join lateral (
        select a.slug
        from private.stripe_alarms as a
        where a.object_id = d.object ->> 'id'
            -- These may have passed: another key, or what it waited for has come.
            and a.slug not in ('wrong_mode', 'unknown_payment')
        order by a.id
        limit 1
    ) as a on true
    where d.difference is not null
        and not exists (
            select
            from private.stripe_alarms as r
            where r.object_id = d.object ->> 'id'
                and r.resolved_at is not null
        );
$$;

comment on function private.compare_stripe_objects(jsonb) is
'Which of these objects of Stripe (an array, as its lists give them) are not in our rows as they
are there, and whether fetching them again can repair that: else an alarm tells why a person has
to look. What a person has resolved is passed over.';

create function private.repair_stripe_objects(objects jsonb)
returns table (object_type text, object_id text, difference text, is_repairable boolean)
language plpgsql
volatile
set search_path = ''
as $$
#variable_conflict use_column
declare
    v_wanted text[];
begin
    return query
    select c.*
    from private.compare_stripe_objects(repair_stripe_objects.objects) as c;

    -- All events first, in the order of their ids, and only then the jobs, in the order of theirs:
    -- a delivery, a worker and another page at the same time never wait in a circle.
    select array_agg(w.object_id) into v_wanted
    from (
        select (private.note_stripe_event(e.object)).object_id
        from (
            select o.object
            from jsonb_array_elements(repair_stripe_objects.objects) as o (object)
            where o.object ->> 'object' = 'event'
            order by o.object ->> 'id'
        ) as e

        union all

        select c.object_id
        from private.compare_stripe_objects(repair_stripe_objects.objects) as c
        where c.is_repairable
            and c.object_type <> 'event'
    ) as w;

    perform private.want_stripe_object(w.object_id)
    from (
        select distinct u.object_id
        from unnest(v_wanted) as u (object_id)
        where u.object_id is not null
        order by u.object_id
    ) as w;
end;
$$;

comment on function private.repair_stripe_objects(jsonb) is
'As private.compare_stripe_objects, and has what can be repaired fetched and applied by the
worker.';
