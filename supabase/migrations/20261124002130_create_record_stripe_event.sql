-- Purpose: an event comes in, once.
-- Touches: functions private.is_stripe_object_ours, private.note_stripe_event,
--          private.record_stripe_event, private.replay_stripe_event.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop function.

create function private.is_stripe_object_ours(object_id text)
returns boolean
language sql
immutable
set search_path = ''
as $$
    -- Sessions, invoices, subscriptions, refunds, disputes, charges.
    select is_stripe_object_ours.object_id
        ~ '^(cs|in|sub|re|pyr|du|dp|ch|py)_[A-Za-z0-9_]{1,250}$';
$$;

comment on function private.is_stripe_object_ours(text) is
'Whether we do anything with objects of this kind, by the prefix of the id.';

create function private.note_stripe_event(event jsonb, out object_id text, out word text)
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_event constant jsonb := note_stripe_event.event;
    v_id constant text := coalesce(v_event ->> 'snapshot_event', v_event ->> 'id');
    v_type constant text := regexp_replace(v_event ->> 'type', '^v1\.', '');
    v_subject constant jsonb := coalesce(v_event -> 'related_object', v_event #> '{data,object}');
    v_object_id constant text := v_subject ->> 'id';
begin
    if v_id is null or v_type is null or char_length(v_id) > 255 then
        word := 'invalid';
        return;
    end if;

    if (v_event -> 'livemode') is distinct from (
        select to_jsonb(s.stripe_livemode) from private.settings as s
    ) then
        word := 'wrong_mode';
        return;
    end if;

    -- A charge itself is nothing to us; that it was refunded is.
    if private.is_stripe_object_ours(v_object_id)
        and (v_object_id !~ '^(ch|py)_' or v_type = 'charge.refunded')
    then
        object_id := v_object_id;
    end if;

    insert into private.stripe_events (
        event_id, event_type, object_id, object_type, applied_at
    )
    values (
        v_id,
        left(v_type, 255),
        left(coalesce(v_object_id, ''), 255),
        left(coalesce(v_subject ->> 'object', v_subject ->> 'type', ''), 255),
        case when note_stripe_event.object_id is null then now() end
    )
    on conflict on constraint stripe_events_pkey do nothing;

    word := case when found then 'stored' else 'duplicate' end;
end;
$$;

comment on function private.note_stripe_event(jsonb) is
'Stores an event once: stored, duplicate, wrong_mode or invalid; and which object is to be fetched,
if it concerns us.';

create function private.record_stripe_event(event jsonb)
returns text
language plpgsql
volatile
-- security definer because the sidecar's role holds no table
security definer
set search_path = ''
as $$
declare
    v_noted record;
begin
    select n.* into v_noted
    from private.note_stripe_event(record_stripe_event.event) as n;

    if v_noted.word = 'stored' and v_noted.object_id is not null then
        perform private.fetch_stripe_object(v_noted.object_id);
    end if;

    return v_noted.word;
end;
$$;

comment on function private.record_stripe_event(jsonb) is
'Stores a verified event, snapshot or thin, and has its object fetched. stored, duplicate,
wrong_mode (test and live do not mix) or invalid (no id or no type).';
grant execute on function private.record_stripe_event(jsonb) to thumbsmith_sidecar;

create function private.replay_stripe_event(event jsonb)
returns text
language plpgsql
volatile
set search_path = ''
as $$
declare
    v_noted record;
begin
    select n.* into v_noted
    from private.note_stripe_event(replay_stripe_event.event) as n;

    if v_noted.object_id is not null then
        perform private.fetch_stripe_object(v_noted.object_id);
    end if;

    return case v_noted.word when 'duplicate' then 'replayed' else v_noted.word end;
end;
$$;

comment on function private.replay_stripe_event(jsonb) is
'As private.record_stripe_event, but the object is fetched again also when the event is known
(replayed). For operators.';
