-- Purpose: who changed what by hand, and why.
-- Touches: table private.audit_log, functions private.check_reason, private.audit.
-- Locks:   share row exclusive on public.profiles, for an instant.
-- Rollout: pre.
-- Undo:    none: an audit log is not dropped.

set lock_timeout = '500ms';
set statement_timeout = '2s';

create table private.audit_log (
    id bigint not null generated always as identity,
    actor text not null,
    action text not null,
    profile_id uuid,
    reason text not null,
    details jsonb not null default '{}',
    action_key text not null,
    session_role text not null default session_user,
    created_at timestamptz not null default now(),

    constraint audit_log_pkey primary key (id),
    -- What makes an operator's command safe to repeat.
    constraint audit_log_action_key_key unique (action_key),
    constraint audit_log_profile_id_fkey foreign key (profile_id) references public.profiles (id),
    constraint audit_log_actor_not_blank check (btrim(actor) <> ''),
    constraint audit_log_reason_not_blank check (btrim(reason) <> '')
);

create index audit_log_profile_id_id_idx on private.audit_log (profile_id, id desc);

comment on table private.audit_log is
'One row per change made by an operator, by command or by hand, written in the transaction of the
change. Append-only.';
comment on column private.audit_log.details is
'What was changed, by name; its shape follows from action.';
comment on column private.audit_log.actor is 'Who did it, as they called themselves.';
comment on column private.audit_log.action_key is
'Given by the caller: the same key never acts twice.';
comment on column private.audit_log.session_role is 'The database role that was logged in.';

create trigger _500_append_only
before update or delete or truncate on private.audit_log
for each statement
execute function private.tg__refuse_change();

alter table private.audit_log enable row level security;

create function private.check_reason(who text, why text)
returns void
language plpgsql
stable
set search_path = ''
as $$
begin
    if coalesce(btrim(check_reason.who), '') = '' or coalesce(btrim(check_reason.why), '') = '' then
        raise sqlstate 'PT422' using
            message = 'reason_required',
            detail = 'Who does this, and why, has to be said.',
            hint = 'Both stay in the audit log for ever.';
    end if;
end;
$$;

comment on function private.check_reason(text, text) is 'Refuses with PT422 reason_required.';

create function private.audit(
    who text,
    action text,
    why text,
    action_key text,
    profile_id uuid default null,
    details jsonb default '{}'
)
returns boolean
language plpgsql
volatile
set search_path = ''
as $$
begin
    perform private.check_reason(audit.who, audit.why);

    insert into private.audit_log (actor, action, profile_id, reason, details, action_key)
    values (
        audit.who, audit.action, audit.profile_id, audit.why, audit.details, audit.action_key
    )
    on conflict on constraint audit_log_action_key_key do nothing;

    if found then
        return true;
    end if;

    if not exists (
        select
        from private.audit_log as a
        where a.action_key = audit.action_key
            and (a.action, a.profile_id, a.details)
            is not distinct from (audit.action, audit.profile_id, audit.details)
    ) then
        raise sqlstate 'PT409' using
            message = 'idempotency_conflict',
            detail = 'This key was used for another action.',
            hint = 'Make a new key for a new action.';
    end if;

    return false;
end;
$$;

comment on function private.audit(text, text, text, text, uuid, jsonb) is
'Writes down who does what and why. False when this key did the same before: then nothing is to be
done. Refuses with PT409 idempotency_conflict when it did something else; PT422 reason_required.';
