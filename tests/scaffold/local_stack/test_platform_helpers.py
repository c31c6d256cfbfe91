"""auth.*, storage.*, and the stand-ins for Realtime, Vault and pg_cron."""

from __future__ import annotations

import json
import uuid
from typing import Any, LiteralString

import psycopg
import pytest

USER = "7b0a3c3e-5d2a-4b57-9a52-3c3a5cf6f0c1"

SIGNATURES = {
    "auth.uid": "",
    "auth.role": "",
    "auth.email": "",
    "auth.jwt": "",
    "storage.foldername": "name text",
    "storage.filename": "name text",
    "storage.extension": "name text",
    "storage.operation": "",
    "storage.allow_only_operation": "expected_operation text",
    "storage.allow_any_operation": "expected_operations text[]",
    "realtime.topic": "",
    "realtime.send": "payload jsonb, event text, topic text, private boolean DEFAULT true",
    "realtime.broadcast_changes": (
        "topic_name text, event_name text, operation text, table_name text, table_schema text,"
        " new record, old record, level text DEFAULT 'ROW'::text"
    ),
    "vault.create_secret": (
        "new_secret text, new_name text DEFAULT NULL::text,"
        " new_description text DEFAULT ''::text, new_key_id uuid DEFAULT NULL::uuid"
    ),
    "vault.update_secret": (
        "secret_id uuid, new_secret text DEFAULT NULL::text, new_name text DEFAULT NULL::text,"
        " new_description text DEFAULT NULL::text, new_key_id uuid DEFAULT NULL::uuid"
    ),
}


def _one(connection: psycopg.Connection, query: LiteralString | bytes, *values: object) -> Any:
    row = connection.execute(query, values).fetchone()
    assert row is not None
    return row[0]


@pytest.mark.parametrize("name", SIGNATURES)
def test_signature_is_the_platforms(as_admin: psycopg.Connection, name: str) -> None:
    found = _one(as_admin, "select pg_get_function_arguments(%s::regproc)", name)
    assert found == SIGNATURES[name]


def test_cron_has_both_forms_of_schedule_and_unschedule(as_admin: psycopg.Connection) -> None:
    rows = as_admin.execute(
        """
        select proname, pg_get_function_arguments(oid) from pg_proc
        where pronamespace = 'cron'::regnamespace and proname <> 'invoker'
        """
    ).fetchall()
    assert set(rows) == {
        ("schedule", "schedule text, command text"),
        ("schedule", "job_name text, schedule text, command text"),
        ("unschedule", "job_name text"),
        ("unschedule", "job_id bigint"),
    }


def test_the_auth_helpers_belong_to_the_admin_of_auth(as_admin: psycopg.Connection) -> None:
    rows = as_admin.execute(
        """
        select distinct proowner::regrole::text, provolatile, prosecdef from pg_proc
        where pronamespace = 'auth'::regnamespace
        """
    ).fetchall()
    assert rows == [("supabase_auth_admin", "s", False)]


def test_auth_helpers_give_null_without_claims(as_postgres: psycopg.Connection) -> None:
    query = "select auth.uid(), auth.role(), auth.email(), auth.jwt()"
    assert as_postgres.execute(query).fetchone() == (None, None, None, None)


@pytest.mark.parametrize("role", ["anon", "authenticated", "service_role"])
def test_auth_helpers_read_the_claims_as_one_document(
    as_postgres: psycopg.Connection, role: str
) -> None:
    claims = {"sub": USER, "role": role, "email": "a@example.com", "aal": "aal1"}
    _one(as_postgres, "select set_config('request.jwt.claims', %s, true)", json.dumps(claims))
    as_postgres.execute(f"set local role {role}".encode())
    assert _one(as_postgres, "select auth.uid()") == uuid.UUID(USER)
    assert _one(as_postgres, "select auth.role()") == role
    assert _one(as_postgres, "select auth.email()") == "a@example.com"
    assert _one(as_postgres, "select auth.jwt()") == claims


def test_auth_helpers_read_one_setting_per_claim(as_postgres: psycopg.Connection) -> None:
    for claim, value in (("sub", USER), ("role", "authenticated"), ("email", "a@example.com")):
        _one(as_postgres, "select set_config(%s, %s, true)", f"request.jwt.claim.{claim}", value)
    assert _one(as_postgres, "select auth.uid()") == uuid.UUID(USER)
    assert _one(as_postgres, "select auth.role()") == "authenticated"
    assert _one(as_postgres, "select auth.email()") == "a@example.com"


def test_auth_tables_are_closed_to_the_api_roles_and_open_to_postgres(
    as_admin: psycopg.Connection,
) -> None:
    rows = as_admin.execute(
        """
        select r.rolname, bool_or(has_table_privilege(r.rolname, c.oid, 'select, insert')),
            bool_and(has_table_privilege(r.rolname, c.oid, 'select with grant option')),
            bool_and(c.relrowsecurity)
        from pg_class as c
        cross join unnest(array['anon', 'authenticated', 'service_role', 'postgres']) as r (rolname)
        where c.relnamespace = 'auth'::regnamespace and c.relkind = 'r'
        group by r.rolname
        """
    ).fetchall()
    assert {name: (some, grantable, rls) for name, some, grantable, rls in rows} == {
        "anon": (False, False, True),
        "authenticated": (False, False, True),
        "service_role": (False, False, True),
        "postgres": (True, True, True),
    }


def test_storage_is_open_to_the_api_roles_but_for_row_level_security(
    as_postgres: psycopg.Connection,
) -> None:
    as_postgres.execute("insert into storage.buckets (id, name) values ('a', 'a')")
    as_postgres.execute("insert into storage.objects (bucket_id, name) values ('a', 'me/x.png')")
    count = "select count(*) from storage.objects"
    as_postgres.execute("set local role authenticated")
    assert _one(as_postgres, count) == 0
    as_postgres.execute("set local role postgres")
    as_postgres.execute(
        "create policy mine on storage.objects for select to authenticated"
        " using ((storage.foldername(name))[1] = 'me')"
    )
    as_postgres.execute("set local role authenticated")
    assert _one(as_postgres, count) == 1


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ("storage.foldername('a/b/c.png')", ["a", "b"]),
        ("storage.filename('a/b/c.png')", "c.png"),
        ("storage.extension('a/b/c.png')", "png"),
    ],
)
def test_storage_takes_paths_apart(
    as_postgres: psycopg.Connection, call: str, expected: object
) -> None:
    assert _one(as_postgres, f"select {call}".encode()) == expected


def test_realtime_send_leaves_a_message_and_a_bad_payload_only_a_warning(
    as_postgres: psycopg.Connection,
) -> None:
    warnings: list[str] = []
    as_postgres.add_notice_handler(lambda d: warnings.append(d.message_primary or ""))
    as_postgres.execute("""select realtime.send('{"a": 1}', 'changed', 'user:1')""")
    as_postgres.execute("select realtime.send('[1]', 'changed', 'user:1')")
    rows = as_postgres.execute(
        "select topic, event, extension, private, payload from realtime.messages"
    ).fetchall()
    assert rows == [("user:1", "changed", "broadcast", True, {"a": 1})]
    assert len(warnings) == 1


def test_realtime_broadcasts_row_changes(as_postgres: psycopg.Connection) -> None:
    as_postgres.execute("create table public.news (id int, title text)")
    as_postgres.execute(
        """
        create function public.tell() returns trigger language plpgsql as $$
        begin
            perform realtime.broadcast_changes(
                'news', tg_op, tg_op, tg_table_name, tg_table_schema, new, old
            );
            return null;
        end $$
        """
    )
    as_postgres.execute(
        "create trigger tell after insert or update on public.news"
        " for each row execute function public.tell()"
    )
    as_postgres.execute("insert into public.news values (1, 'one')")
    payload = _one(as_postgres, "select payload from realtime.messages")
    assert payload == {
        "schema": "public",
        "table": "news",
        "operation": "INSERT",
        "record": {"id": 1, "title": "one"},
        "old_record": None,
    }


def test_realtime_messages_are_read_under_policies_only(as_postgres: psycopg.Connection) -> None:
    as_postgres.execute("select realtime.send('{}', 'changed', 'user:1')")
    as_postgres.execute("set local role authenticated")
    assert _one(as_postgres, "select count(*) from realtime.messages") == 0
    as_postgres.execute("set local role postgres")
    as_postgres.execute(
        "create policy listen on realtime.messages for select to authenticated"
        " using (topic = (select realtime.topic()))"
    )
    as_postgres.execute("set local role authenticated")
    as_postgres.execute("set local realtime.topic = 'user:1'")
    assert _one(as_postgres, "select count(*) from realtime.messages") == 1


def test_the_vault_keeps_a_secret_encrypted_and_gives_it_back(
    as_postgres: psycopg.Connection,
) -> None:
    made = _one(as_postgres, "select vault.create_secret('s3cret', 'token', 'for tests')")
    as_postgres.execute("select vault.update_secret(%s, new_name => 'other')", [made])
    stored, clear, name = as_postgres.execute(
        "select secret, decrypted_secret, name from vault.decrypted_secrets where id = %s", [made]
    ).fetchone() or (None, None, None)
    assert (clear, name) == ("s3cret", "other")
    assert "s3cret" not in str(stored)
    as_postgres.execute("select vault.update_secret(%s, 'changed')", [made])
    query = "select decrypted_secret from vault.decrypted_secrets where id = %s"
    assert _one(as_postgres, query, made) == "changed"
    as_postgres.execute("set local role authenticated")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        as_postgres.execute("select * from vault.decrypted_secrets")


def test_a_named_cron_job_is_replaced_by_its_name_and_removed(
    as_postgres: psycopg.Connection,
) -> None:
    first = _one(as_postgres, "select cron.schedule('tidy', '0 3 * * *', 'select 1')")
    second = _one(as_postgres, "select cron.schedule('tidy', '30 seconds', 'select 2')")
    assert first == second
    jobs = as_postgres.execute(
        "select jobname, schedule, command, username, active from cron.job"
    ).fetchall()
    assert jobs == [("tidy", "30 seconds", "select 2", "postgres", True)]
    assert _one(as_postgres, "select cron.unschedule('tidy')") is True
    assert as_postgres.execute("select * from cron.job").fetchall() == []


@pytest.mark.parametrize("schedule", ["every day", "* * * *", ""])
def test_a_malformed_cron_schedule_is_refused(
    as_postgres: psycopg.Connection, schedule: str
) -> None:
    _one(as_postgres, "select cron.schedule('fine', '*/5 * * * *', 'select 1')")
    with pytest.raises(psycopg.errors.InvalidParameterValue):
        as_postgres.execute("select cron.schedule('odd', %s, 'select 1')", [schedule])


def test_a_schema_change_tells_postgrest_and_one_of_the_platform_does_not(
    as_postgres: psycopg.Connection,
) -> None:
    as_postgres.execute("listen pgrst")
    as_postgres.execute("create policy quiet on storage.objects using (true)")
    as_postgres.execute("create temporary table scratch (id int)")
    as_postgres.execute("drop policy quiet on storage.objects")
    as_postgres.commit()
    assert list(as_postgres.notifies(timeout=0.1)) == []
    as_postgres.execute("create table public.loud (id int)")
    as_postgres.commit()
    told = [one.payload for one in as_postgres.notifies(timeout=0.1)]
    as_postgres.execute("drop table public.loud")
    as_postgres.commit()
    told += [one.payload for one in as_postgres.notifies(timeout=0.1)]
    assert told == ["reload schema", "reload schema"]
