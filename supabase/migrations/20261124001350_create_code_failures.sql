-- Purpose: make guessing codes slow, and remember refusals.
-- Touches: table private.code_failures, functions private.code_retry_after,
--          private.note_code_failure, private.check_plain_call, private.too_many_codes.
-- Locks:   share row exclusive on public.profiles, for an instant.
-- Rollout: pre.
-- Undo:    drop table private.code_failures; drop function.

set lock_timeout = '500ms';
set statement_timeout = '2s';

create table private.code_failures (
    id bigint not null generated always as identity,
    profile_id uuid not null,
    failed_at timestamptz not null default now(),

    constraint code_failures_pkey primary key (id),
    constraint code_failures_profile_id_fkey
    foreign key (profile_id) references public.profiles (id)
);

create index code_failures_profile_id_failed_at_idx
on private.code_failures (profile_id, failed_at desc);

comment on table private.code_failures is
'Wrong referral and promotional codes of the last hour.';

alter table private.code_failures enable row level security;

create function private.code_retry_after(profile_id uuid)
returns integer
language sql
stable
set search_path = ''
as $$
    select ceil(extract(epoch from f.failed_at + interval '1 hour' - now()))::integer
    from private.code_failures as f
    where f.profile_id = code_retry_after.profile_id
        and f.failed_at > now() - interval '1 hour'
    order by f.failed_at desc
    offset (select s.code_failures_per_hour_max - 1 from private.settings as s)
    limit 1;
$$;

comment on function private.code_retry_after(uuid) is
'Seconds until this person may try another code; null: now.';

create function private.note_code_failure(profile_id uuid)
returns void
language plpgsql
volatile
set search_path = ''
as $$
begin
    delete from private.code_failures as f
    where f.profile_id = note_code_failure.profile_id
        and f.failed_at <= now() - interval '1 hour';

    insert into private.code_failures (profile_id)
    values (note_code_failure.profile_id);
end;
$$;

comment on function private.note_code_failure(uuid) is 'Counts a wrong code.';

create function private.check_plain_call()
returns void
language plpgsql
stable
set search_path = ''
as $$
begin
    -- A refusal that is committed must not be undone by its reader: a cast or a filter of the
    -- caller's that fails on the answer would roll back the count of a wrong guess, and still
    -- tell. PostgREST quotes the columns a caller names, and not its own.
    if current_query() like '%"pgrst\_scalar"%' then
        raise sqlstate 'PT400' using
            message = 'plain_call_required',
            detail = 'This function takes no select and no filter.',
            hint = 'Read what you need from the whole answer.';
    end if;
end;
$$;

comment on function private.check_plain_call() is
'PT400 plain_call_required when the answer would be computed with before it is committed.';

create function private.too_many_codes(retry_after_seconds integer)
returns jsonb
language sql
volatile
set search_path = ''
as $$
    select private.refuse(
        429,
        'too_many_codes',
        format('Too many wrong codes. Try again in %s seconds.',
            too_many_codes.retry_after_seconds),
        'Copy the code instead of typing it.',
        too_many_codes.retry_after_seconds
    );
$$;

comment on function private.too_many_codes(integer) is 'The answer to somebody who guesses.';
