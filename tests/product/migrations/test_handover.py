"""`thumbsmith db up` and the Supabase CLI go on where the other ended, and write the same rows."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import psycopg
import pytest

from devtools.gates import generated
from local_stack import databases, supabase_cli
from local_stack.postgres import Postgres
from tests.support.database import Database
from tests.support.migrations.projects import SAMPLES, ours, project
from thumbsmith.console.errors import CommandError
from thumbsmith.db import migrations
from thumbsmith.project.errors import CommandFailedError

ROWS = "select * from supabase_migrations.schema_migrations order by version"
MADE = """
select c.relname, c.relowner::regrole::text, c.relacl::text, a.attname, a.atttypid::regtype::text,
    a.attnotnull, pg_get_constraintdef(k.oid)
from pg_class as c
inner join pg_attribute as a on a.attrelid = c.oid and a.attnum > 0
left join pg_constraint as k on k.conrelid = c.oid and a.attnum = any(k.conkey) and k.contype = 'p'
where c.relnamespace = 'supabase_migrations'::regnamespace and c.relkind = 'r'
order by c.relname, a.attnum
"""
# What files seldom have: comments at the end, brackets, strings, CRLF, transactions of their own.
ODD = {
    "1_odd.sql": (
        "\ufeff;\r\n-- only; a comment\r\n;;create table public.odd (a text default E'\\';');\r\n"
    ),
    "20_empty.sql": "\n-- nothing to do\n",
    "3_atomic_and_more.sql": (
        "create function public.odd() returns int language sql begin atomic\n"
        "  select case when true then 1 end; select 2; end;\n"
        "create rule odd as on delete to public.odd do also (select 1; select 2);\n/* end; */"
    ),
    "4_own_transaction.sql": (
        "begin; insert into public.odd values (';'); commit;\nselect '%s', '%%';"
    ),
    "5_alone.sql": "set statement_timeout = '1min';\nvacuum public.odd;\nselect 1;",
}
Apply = Callable[[str, Path], Any]


@pytest.fixture
def empty(server: Postgres) -> Iterator[Callable[[], Database]]:
    """Lend databases with the platform and no migration."""
    with ExitStack() as stack:

        def make() -> Database:
            name = f"handover_{uuid.uuid4().hex}"
            url = stack.enter_context(databases.cloned(server, "postgres", name))
            return stack.enter_context(closing(Database(url)))

        yield make


def by_the_cli(url: str, folder: Path) -> None:
    supabase_cli.migrate(url, folder)


@pytest.mark.parametrize(
    ("first", "then"),
    [(by_the_cli, migrations.bring_up), (migrations.bring_up, by_the_cli)],
    ids=["the CLI, then we", "we, then the CLI"],
)
def test_one_goes_on_where_the_other_ended(
    server: Postgres, empty: Callable[[], Database], tmp_path: Path, first: Apply, then: Apply
) -> None:
    files = [*ours(), *SAMPLES]
    half, whole = project(tmp_path / "half", files[: len(files) // 2]), project(tmp_path, files)
    of_both, of_the_cli = empty(), empty()
    first(of_both.url, half)
    assert len(of_both.rows(ROWS)) == len(files) // 2
    then(of_both.url, whole)
    by_the_cli(of_the_cli.url, whole)

    rows = of_both.rows(ROWS)
    assert [row["version"] for row in rows] == [file.name.split("_")[0] for file in files]
    assert rows == of_the_cli.rows(ROWS)
    assert of_both.rows(MADE) == of_the_cli.rows(MADE)
    assert generated.schema(server, of_both.url) == generated.schema(server, of_the_cli.url)
    # Neither finds anything left to do.
    first(of_both.url, whole)
    assert of_both.rows(ROWS) == rows


def test_odd_files_are_cut_and_noted_as_the_cli_does(
    empty: Callable[[], Database], tmp_path: Path
) -> None:
    place = project(tmp_path, [])
    for name, content in ODD.items():
        (place / "supabase" / "migrations" / name).write_bytes(content.encode())
    by_us, by_cli = empty(), empty()
    assert migrations.bring_up(by_us.url, place) == ["1", "20", "3", "4", "5"]
    by_the_cli(by_cli.url, place)
    rows = by_us.rows(ROWS)
    assert [row["statements"] for row in rows if row["version"] == "20"] == [["-- nothing to do"]]
    assert rows == by_cli.rows(ROWS)
    assert by_us.rows("select a from public.odd") == by_cli.rows("select a from public.odd")


def test_a_table_of_an_older_cli_is_taken_over(
    empty: Callable[[], Database], tmp_path: Path
) -> None:
    db = empty()
    db.rows("create schema supabase_migrations")
    db.rows("create table supabase_migrations.schema_migrations (version text primary key)")
    first, second = ours()[:2]
    db.rows(
        "insert into supabase_migrations.schema_migrations values (%s)", first.name.split("_")[0]
    )
    with psycopg.connect(db.url) as connection:
        connection.execute(first.read_bytes())
    applied = migrations.bring_up(db.url, project(tmp_path, [first, second]))
    assert applied == [second.name.split("_")[0]]
    assert [row["name"] for row in db.rows(ROWS)] == [None, second.stem.partition("_")[2]]


def test_a_file_that_comes_too_late_by_its_name_is_refused_by_both(
    empty: Callable[[], Database], tmp_path: Path
) -> None:
    db = empty()
    place = project(tmp_path, [])
    for version in ("100", "300"):
        (place / "supabase" / "migrations" / f"{version}_a.sql").write_text("select 1;")
    assert migrations.bring_up(db.url, place) == ["100", "300"]
    rows = db.rows(ROWS)
    (place / "supabase" / "migrations" / "200_a.sql").write_text("select 1;")
    with pytest.raises(CommandError, match="200 would be applied after 300") as refused:
        migrations.bring_up(db.url, place)
    assert refused.value.slug == "migration_is_late"
    with pytest.raises(CommandFailedError, match="include-all"):
        by_the_cli(db.url, place)
    assert db.rows(ROWS) == rows


def test_a_failure_names_the_statement_and_leaves_nothing(
    empty: Callable[[], Database], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    db = empty()
    place = project(tmp_path, [])
    file = place / "supabase" / "migrations" / "1_fails.sql"
    for many in ("", "select 2;" * 500):
        file.write_text(f"create table public.t ();select 1;-- here\nselect 1 / 0;{many}")
        with pytest.raises(CommandError) as failed:
            migrations.bring_up(db.url, place)
        detail = "1_fails, statement 3: division by zero (SQLSTATE 22012)\n-- here\nselect 1 / 0"
        assert (failed.value.slug, failed.value.detail) == ("migration_failed", detail)
        assert db.value("select to_regclass('public.t') is null")
        assert db.rows(ROWS) == []
    # Libraries have nothing to add.
    assert caplog.messages == []
    file.write_text("create table public.t ();")
    assert migrations.bring_up(db.url, place) == ["1"]
