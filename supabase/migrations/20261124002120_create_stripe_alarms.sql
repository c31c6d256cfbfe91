-- Purpose: what came from Stripe and a person has to look at.
-- Touches: table private.stripe_alarms, functions private.raise_stripe_alarm,
--          private.resolve_stripe_alarm.
-- Locks:   none.
-- Rollout: pre.
-- Undo:    drop table private.stripe_alarms; drop function.

create table private.stripe_alarms (
    id bigint not null generated always as identity,
    object_id text not null,
    slug text not null,
    detail text not null,
    first_seen_at timestamptz not null default now(),
    last_seen_at timestamptz not null default now(),
    times integer not null default 1,
    resolved_at timestamptz,

    constraint stripe_alarms_pkey primary key (id),
    constraint stripe_alarms_object_id_slug_key unique (object_id, slug)
);

comment on table private.stripe_alarms is
'Objects of Stripe that no rule of ours covers: recorded, never guessed at. One row per object and
reason, see docs/stripe.md.';
comment on column private.stripe_alarms.times is 'How often it was met.';
comment on column private.stripe_alarms.slug is
'unknown_customer, unknown_price, unknown_payment, unknown_status, wrong_mode, second_subscription,
credit_to_balance, or why a call of Stripe failed for good: stripe_missing, stripe_refused.';
comment on column private.stripe_alarms.resolved_at is 'When a person said that it is dealt with.';

alter table private.stripe_alarms enable row level security;

create function private.raise_stripe_alarm(object_id text, slug text, detail text)
returns text
language plpgsql
volatile
set search_path = ''
as $$
begin
    insert into private.stripe_alarms as a (object_id, slug, detail)
    values (
        raise_stripe_alarm.object_id, raise_stripe_alarm.slug,
        left(raise_stripe_alarm.detail, 500)
    )
    on conflict on constraint stripe_alarms_object_id_slug_key do update
    set
        detail = excluded.detail,
        last_seen_at = now(),
        times = a.times + 1;

    return raise_stripe_alarm.slug;
end;
$$;

comment on function private.raise_stripe_alarm(text, text, text) is
'Records an alarm, or that it was seen again; one that was resolved stays so. Returns its slug.';

create function private.resolve_stripe_alarm(id bigint, who text, why text)
returns boolean
language plpgsql
volatile
set search_path = ''
as $$
begin
    if not exists (
        select
        from private.stripe_alarms as a
        where a.id = resolve_stripe_alarm.id
    ) then
        raise sqlstate 'PT404' using
            message = 'alarm_not_found',
            detail = 'There is no such alarm.',
            hint = 'Read them with: thumbsmith stripe alarms';
    end if;

    perform private.audit(
        resolve_stripe_alarm.who, 'resolve_stripe_alarm', resolve_stripe_alarm.why,
        'stripe_alarm:' || resolve_stripe_alarm.id
    );

    update private.stripe_alarms as a
    set resolved_at = now()
    where a.id = resolve_stripe_alarm.id
        and a.resolved_at is null;

    return found;
end;
$$;

comment on function private.resolve_stripe_alarm(bigint, text, text) is
'A person says that an alarm is dealt with. False when it was before. Refuses with PT404
alarm_not_found; PT422 reason_required.';
