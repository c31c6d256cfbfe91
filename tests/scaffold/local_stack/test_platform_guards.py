"""What the role postgres may do to the platform's objects, and what it is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local_stack.postgres import Postgres

TRIGGER = """
    create function public.greet() returns trigger language plpgsql as
    'begin return new; end';
    create trigger greet after insert on auth.users
    for each row execute function public.greet()
"""

ALLOWED = {
    "a foreign key to auth.users": (
        "create table public.people (id uuid primary key references auth.users (id))"
    ),
    "a trigger on auth.users": TRIGGER,
    "dropping that trigger": f"{TRIGGER}; drop trigger greet on auth.users",
    "rows of auth.users": (
        "insert into auth.users (id, email) values (gen_random_uuid(), 'x@example.com');"
        "update auth.users set phone = '1'; delete from auth.users"
    ),
    "a policy on storage.objects": (
        "create policy mine on storage.objects for select to authenticated using (true);"
        "alter policy mine on storage.objects using (false); drop policy mine on storage.objects"
    ),
    "a policy on auth.users": "create policy mine on auth.users using (false)",
    "a policy on realtime.messages": (
        "create policy listen on realtime.messages for select to authenticated using (true)"
    ),
    "a bucket": (
        "insert into storage.buckets (id, name) values ('a', 'a');"
        "update storage.buckets set public = true"
    ),
    "a row of storage.objects": (
        "insert into storage.buckets (id, name) values ('a', 'a');"
        "insert into storage.objects (bucket_id, name) values ('a', 'x')"
    ),
    "deleting a row of storage.objects when the setting says so": (
        "set local storage.allow_delete_query = 'true'; delete from storage.objects"
    ),
    "a role that may become authenticated": (
        "create role worker login; grant authenticated to worker;"
        "alter role authenticated set statement_timeout = '5s'"
    ),
    "settings of PostgREST": "alter role authenticator set pgrst.db_max_rows = '10'",
    "session_replication_role": "set local session_replication_role = replica",
    "becoming an API role": "set local role authenticated",
    "a trusted extension": "create extension citext with schema extensions",
    "own tables, whatever is done to them": (
        "create table public.thing (id int); alter table public.thing rename to other;"
        "comment on table public.other is 'x'; create index on public.other (id);"
        "drop table public.other"
    ),
}

REFUSED = {
    "alter table": "alter table auth.users add column nickname text",
    "disable row level security": "alter table storage.objects disable row level security",
    "an index": "create index on auth.users (created_at)",
    "rename": "alter table storage.buckets rename to pails",
    "a comment": "comment on table auth.users is 'mine'",
    "a table in auth": "create table auth.mine (id int)",
    "a table in storage": "create table storage.mine (id int)",
    "a view in storage": "create view storage.mine as select 1 as one",
    "a function in realtime": (
        "create function realtime.mine() returns int language sql as 'select 1'"
    ),
    "replacing auth.uid()": (
        "create or replace function auth.uid() returns uuid language sql as 'select null::uuid'"
    ),
    "dropping a table": "drop table auth.identities cascade",
    "dropping a schema": "drop schema storage cascade",
    "dropping a function": "drop function auth.jwt()",
    "a policy on a table off the list": (
        "create policy mine on realtime.messages_default using (true)"
    ),
    "deleting a row of storage.objects": "delete from storage.objects",
    "deleting a row of storage.buckets": "delete from storage.buckets",
    "becoming the admin of Auth": "set local role supabase_auth_admin",
    "becoming the admin of Storage": "set local role supabase_storage_admin",
    "becoming the superuser": "set local role supabase_admin",
    "a superuser": "create role boss superuser",
    "a server-side file": "create table public.t (x text); copy public.t from '/etc/hostname'",
    "changing cron.job by hand": "delete from cron.job",
}


@pytest.mark.parametrize("name", ALLOWED)
def test_postgres_may(as_postgres: psycopg.Connection, name: str) -> None:
    as_postgres.execute(ALLOWED[name].encode())


@pytest.mark.parametrize("name", REFUSED)
def test_postgres_is_refused(
    as_postgres: psycopg.Connection, as_admin: psycopg.Connection, name: str
) -> None:
    *before, last = REFUSED[name].split(";")
    for statement in before:
        as_postgres.execute(statement.encode())
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        as_postgres.execute(last.encode())
    as_postgres.rollback()

    # The statement itself is sound: whoever is allowed to, runs it.
    as_admin.execute("set local storage.allow_delete_query = 'true'")
    for statement in (*before, last):
        as_admin.execute(statement.encode())


def test_usage_of_auth_cannot_be_passed_on_but_usage_of_storage_can(
    as_postgres: psycopg.Connection,
) -> None:
    notices: list[str] = []
    as_postgres.add_notice_handler(lambda d: notices.append(d.message_primary or ""))
    as_postgres.execute("create role reader")
    as_postgres.execute("grant usage on schema auth to reader")
    as_postgres.execute("grant usage on schema storage to reader")
    row = as_postgres.execute(
        "select has_schema_privilege('reader', 'auth', 'usage'),"
        " has_schema_privilege('reader', 'storage', 'usage')"
    ).fetchone()
    assert row == (False, True)
    assert any("no privileges were granted" in notice for notice in notices)


def test_the_guards_see_through_set_role(as_admin: psycopg.Connection) -> None:
    as_admin.execute("set local role postgres")
    as_admin.execute("create table public.fine (id int)")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        as_admin.execute("create table auth.mine (id int)")


@pytest.fixture
def signed_up_as(as_postgres: psycopg.Connection, bare_server: Postgres) -> Iterator[str]:
    """Record, with a trigger on auth.users, who runs it and with which path."""
    as_postgres.execute("create table public.seen (who text, path text)")
    as_postgres.execute(
        """
        create function public.look() returns trigger language plpgsql as $$
        begin
            insert into public.seen values (current_user, current_setting('search_path'));
            return new;
        end $$
        """
    )
    as_postgres.execute(
        "create trigger look after insert on auth.users for each row execute function public.look()"
    )
    as_postgres.execute("grant insert on public.seen to supabase_auth_admin")
    as_postgres.commit()
    try:
        yield bare_server.url("supabase_auth_admin")
    finally:
        as_postgres.rollback()
        as_postgres.execute("drop trigger look on auth.users")
        as_postgres.execute("drop function public.look()")
        as_postgres.execute("drop table public.seen")
        as_postgres.commit()


def test_a_trigger_on_auth_users_runs_as_the_admin_of_auth(
    signed_up_as: str, as_postgres: psycopg.Connection
) -> None:
    with psycopg.connect(signed_up_as) as auth:
        auth.execute("insert into users (id) values (gen_random_uuid())")
        auth.execute("delete from users")
    seen = as_postgres.execute("select who, path from public.seen").fetchall()
    assert seen == [("supabase_auth_admin", "auth")]
