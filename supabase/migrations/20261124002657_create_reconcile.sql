-- Purpose: compare everything at Stripe with our rows, and repair what differs.
-- Touches: table private.reconcile_runs, functions private.compare_stripe_objects,
--          private.repair_stripe_objects, private.reconcile_call, private.start_reconcile,
--          private.record_stripe_page.
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

create function private.reconcile_call()
returns jsonb
language sql
stable
set search_path = ''
as $$
    select jsonb_build_object(
        'call', c.call,
        'params', c.params || jsonb_strip_nulls(
            jsonb_build_object('starting_after', r.last_object_id)
        )
    )
    from private.reconcile_runs as r
    cross join private.reconcile_calls(r.since) as c
    where r.finished_at is null
        and c.place = r.place;
$$;

comment on function private.reconcile_call() is
'The page that the comparison under way reads next.';

create function private.start_reconcile()
returns boolean
language plpgsql
volatile
set search_path = ''
as $$
begin
    insert into private.reconcile_runs (since)
    select
        -- With a day in common with the last one; the first looks as far back as Stripe retries.
        coalesce(
            max(r.started_at) filter (where r.finished_at is not null),
            now() - interval '2 days'
        ) - interval '1 day'
    from private.reconcile_runs as r
    having coalesce(max(r.started_at), '-infinity') <= now() - (
        select s.reconcile_interval from private.settings as s
    )
        and count(*) filter (where r.finished_at is null) = 0
        -- Nothing to compare before anything was sold.
        and exists (select from private.stripe_customers as c)
    on conflict do nothing;

    if not found then
        return false;
    end if;

    insert into private.outbox (kind, stripe_object_id)
    values ('reconcile', 'reconcile')
    on conflict (stripe_object_id) where stripe_object_id is not null do nothing;

    -- A bank may take longer to answer than the lists go back.
    perform private.want_stripe_object(c.stripe_session_id)
    from public.checkouts as c
    where c.status = 'pending'
        and c.finished_at is null;

    perform private.wake_worker();
    return true;
end;
$$;

comment on function private.start_reconcile() is
'Begins a comparison once settings.reconcile_interval has passed since the last one began. True when
it did.';

create function private.record_stripe_page(job private.outbox, page jsonb)
returns text
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_run private.reconcile_runs;
    v_seen constant integer := jsonb_array_length(record_stripe_page.page -> 'data');
    v_differing integer;
    v_has_more constant boolean := (record_stripe_page.page -> 'has_more')::boolean and v_seen > 0;
begin
    select count(*) into v_differing
    from private.repair_stripe_objects(record_stripe_page.page -> 'data') as r;

    update private.reconcile_runs as r
    set
        seen = r.seen + v_seen,
        differing = r.differing + v_differing,
        place = case when v_has_more then r.place else r.place + 1 end,
        last_object_id = case
            when v_has_more then record_stripe_page.page -> 'data' -> -1 ->> 'id'
        end
    where r.finished_at is null
    returning r.* into v_run;

    if exists (
        select
        from private.reconcile_calls(v_run.since) as c
        where c.place = v_run.place
    ) then
        perform private.continue_job(record_stripe_page.job.id, 'reconcile');
        return 'page';
    end if;

    update private.reconcile_runs as r
    set finished_at = now()
    where r.id = v_run.id;

    perform private.end_job(record_stripe_page.job.id);
    return 'compared';
end;
$$;

comment on function private.record_stripe_page(private.outbox, jsonb) is
'A page of the comparison under way: differences are repaired, and the next page is asked for.';
