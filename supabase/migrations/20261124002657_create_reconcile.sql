-- Purpose: a comparison with Stripe begins, and goes on page by page.
-- Touches: functions private.reconcile_call, private.start_reconcile, private.apply_reconcile_page.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function.

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
        and c.call_position = r.call_position;
$$;

comment on function private.reconcile_call() is
'The page that the comparison under way reads next.';

create function private.start_reconcile()
returns boolean
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_session_id text;
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

    insert into private.jobs (kind, stripe_object_id)
    values ('reconcile', 'reconcile')
    on conflict (stripe_object_id) where stripe_object_id is not null do nothing;

    -- A bank may take longer to answer than the lists go back.
    for v_session_id in
        select c.stripe_session_id
        from public.checkouts as c
        where c.status = 'pending'
            and c.finished_at is null
        order by c.created_at, c.id
    loop
        perform private.enqueue_fetch(v_session_id);
    end loop;

    return true;
end;
$$;

comment on function private.start_reconcile() is
'Begins a comparison once settings.reconcile_interval has passed since the last one began. True when
it did.';

create function private.apply_reconcile_page(job private.jobs, page jsonb)
returns text
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_run private.reconcile_runs;
    v_seen constant integer := jsonb_array_length(apply_reconcile_page.page -> 'data');
    v_differing integer;
    v_has_more constant boolean :=
        (apply_reconcile_page.page -> 'has_more')::boolean and v_seen > 0;
begin
    select count(*) into v_differing
    from private.repair_stripe_objects(apply_reconcile_page.page -> 'data') as r;

    update private.reconcile_runs as r
    set
        seen = r.seen + v_seen,
        differing = r.differing + v_differing,
        call_position = case when v_has_more then r.call_position else r.call_position + 1 end,
        last_object_id = case
            when v_has_more then apply_reconcile_page.page -> 'data' -> -1 ->> 'id'
        end
    where r.finished_at is null
    returning r.* into v_run;

    if exists (
        select
        from private.reconcile_calls(v_run.since) as c
        where c.call_position = v_run.call_position
    ) then
        perform private.continue_job(apply_reconcile_page.job.id, 'reconcile');
        return 'page';
    end if;

    update private.reconcile_runs as r
    set finished_at = now()
    where r.id = v_run.id;

    perform private.finish_job(apply_reconcile_page.job.id);
    return 'compared';
end;
$$;

comment on function private.apply_reconcile_page(private.jobs, jsonb) is
'A page of the comparison under way: differences are repaired, and the next page is asked for.';
