"""The gates that read a migrated database: silent on ours, and not once it is spoilt."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from devtools.gates import database, generated, pg_catalog, plpgsql
from devtools.gates.outcome import NotRunError
from local_stack.postgres import Postgres
from tests.support.database import Database

CREATE = """
create function private.{name}()
returns {kind}
language plpgsql
set search_path = ''
as $$ {body} $$
"""


def test_the_advisors_find_a_table_without_row_security(db: Database) -> None:
    assert pg_catalog.advisors(db.url) == []
    db.rows("create table public.broken (id integer primary key)")
    db.rows("grant select on public.broken to anon")
    assert "rls_disabled_in_public" in "\n".join(pg_catalog.advisors(db.url))


def test_generated_files_are_compared_and_written(
    server: Postgres, db: Database, tmp_path: Path
) -> None:
    for folder in ("sql", "docs", "supabase/types"):
        (tmp_path / folder).mkdir(parents=True)
    stale = "is stale: scripts/lint --write refreshes it"
    names = ["sql/schema.sql", "docs/settings.md", "supabase/types/database.types.ts"]
    names.append("supabase/types/database_types.py")
    assert generated.check(server, db.url, tmp_path) == [f"{name} {stale}" for name in names]
    assert generated.check(server, db.url, tmp_path, write=True) == []
    assert generated.check(server, db.url, tmp_path) == []
    db.rows("alter table public.plans add column broken text")
    db.rows("alter table private.settings add column broken text")
    assert generated.check(server, db.url, tmp_path) == [f"{name} {stale}" for name in names]


@pytest.fixture(scope="module")
def checked() -> Iterator[tuple[Database, str]]:
    """Yield a migrated database on a server that has plpgsql_check, and a superuser's address."""
    try:
        programs = plpgsql.programs()
    except NotRunError as error:
        pytest.skip(f"plpgsql_check is not to be had: {error}")
    with (
        database.migrated(programs) as server,
        closing(Database(server.url())) as migrated,
    ):
        yield migrated, server.admin_url


@pytest.mark.parametrize(
    ("kind", "body", "finding"),
    [
        (
            "integer",
            "begin return (select p.no_column from public.profiles as p); end",
            "no_column",
        ),
        ("integer", "declare v_unused integer; begin return 1; end", "unused variable"),
        ("integer", "begin if false then return 1; end if; end", "without RETURN"),
        (
            "text",
            "begin execute 'select ' || (select p.title from public.plans as p); return ''; end",
            "SQL injection",
        ),
        ("trigger", "begin return new; end", "on no table"),
    ],
)
def test_plpgsql_check_reads_functions(
    checked: tuple[Database, str], kind: str, body: str, finding: str
) -> None:
    db, admin_url = checked
    assert plpgsql.check(admin_url) == []
    db.rows(CREATE.format(name="broken", kind=kind, body=body))
    try:
        assert finding in "\n".join(plpgsql.check(admin_url))
    finally:
        db.rows("drop function private.broken()")


def test_plpgsql_check_reads_trigger_functions_as_their_table_has_them(
    checked: tuple[Database, str],
) -> None:
    db, admin_url = checked
    body = "begin new.credits := 1; return new; end"
    db.rows(CREATE.format(name="tg__broken", kind="trigger", body=body))
    on = "create trigger broken before insert on public.{} for each row"
    on += " execute function private.tg__broken()"
    try:
        db.rows(on.format("profiles"))
        assert plpgsql.check(admin_url) == []
        db.rows(on.format("plans"))
        (found,) = plpgsql.check(admin_url)
        assert "tg__broken() on public.plans" in found
        assert '"credits"' in found
    finally:
        db.rows("drop function private.tg__broken() cascade")
