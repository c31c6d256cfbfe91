"""A migration that meets a busy table: refused soon, nothing of it done, tried again."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.cli.operating import invoke
from tests.support.database import Database, lift_limits
from tests.support.local_stack.stack_process import parsed, start, thumbsmith
from tests.support.migrations.clients import FEW, at_work
from tests.support.migrations.projects import written
from tests.support.migrations.waits import watched
from thumbsmith.db import migrations

READ = "begin; select from public.generations limit 1"
FIRST = "create table public.first (id bigint);"
BUSY = """set lock_timeout = '500ms';
set statement_timeout = '2s';

create table public.half (id bigint);
alter table public.generations add column mood text;
"""
UNIQUE = """set lock_timeout = '1min';
set statement_timeout = '1h';

drop index concurrently if exists public.first_id_idx;

create unique index concurrently first_id_idx on public.first (id);
"""


def is_there(db: Database) -> list[bool]:
    """Return what the two files have left: a table, and a table, a column and a note."""
    (row,) = db.rows(
        "select to_regclass('public.first') is not null as first,"
        " to_regclass('public.half') is not null as half,"
        " exists (select from pg_attribute where attname = 'mood') as mood,"
        " exists (select from supabase_migrations.schema_migrations where version = %s) as noted",
        "99990101000002",
    )
    return list(row.values())


def test_a_busy_table_is_left_alone_and_tried_again(db: Database, tmp_path: Path) -> None:
    lift_limits(db)
    place = written(tmp_path, create_first=FIRST, add_mood=BUSY)
    arguments = ["db", "up", "--json", f"--db-url={db.url}", f"--workdir={place}"]
    with at_work(db, FEW) as (_, sessions), watched(db, sessions) as waits, db.connect() as reader:
        reader.execute(READ)
        given_up = thumbsmith(*arguments, "--tries=2")
        assert given_up.returncode == 3
        assert parsed(given_up)["error"] == "database_is_busy"
        assert "lock timeout" in parsed(given_up)["detail"]
        assert given_up.stderr.count("99990101000002_add_mood: busy") == 1
        # The first file stays, and of the second there is nothing at all.
        assert is_there(db) == [True, False, False, False]

        again = start(*arguments)
        assert again.stderr is not None
        assert "99990101000002_add_mood: busy" in again.stderr.readline()
        reader.execute("commit")
        out, err = again.communicate(timeout=60)
    assert again.returncode == 0, out + err
    assert is_there(db) == [True, True, True, True]
    # Whoever stood behind the migration stood there for as long as it waited, and no longer.
    assert 0 < waits.longest < 2
    assert "generations" in waits.what


def test_a_migration_that_fails_leaves_nothing_and_can_be_mended(
    db: Database, tmp_path: Path
) -> None:
    place = written(tmp_path, create_first=FIRST, add_mood=f"{BUSY}select 1 / 0;")
    arguments = ["db", "up", "--json", f"--db-url={db.url}", f"--workdir={place}"]
    failed = invoke(*arguments)
    assert failed.returncode == 1
    assert parsed(failed)["error"] == "migration_failed"
    assert "division by zero" in parsed(failed)["detail"]
    assert is_there(db) == [True, False, False, False]
    written(tmp_path, create_first=FIRST, add_mood=BUSY)
    mended = invoke(*arguments)
    assert (mended.returncode, parsed(mended)["applied"]) == (0, ["99990101000002"])
    assert is_there(db) == [True, True, True, True]


def test_an_index_that_was_broken_off_is_built_anew(db: Database, tmp_path: Path) -> None:
    twice = f"{FIRST}insert into public.first (id) values (1), (1);"
    place = written(tmp_path, create_first=twice, create_index=UNIQUE)
    arguments = ["db", "up", "--json", f"--db-url={db.url}", f"--workdir={place}"]
    assert invoke(*arguments).returncode == 1
    valid = "select i.indisvalid from pg_index as i where i.indrelid = 'public.first'::regclass"
    assert db.rows(valid) == [{"indisvalid": False}]
    db.rows("truncate public.first")
    mended = invoke(*arguments)
    assert (mended.returncode, parsed(mended)["applied"]) == (0, ["99990101000002"])
    assert db.rows(valid) == [{"indisvalid": True}]


def test_who_holds_the_lock_is_waited_for(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    arguments = ["db", "up", "--json", f"--db-url={db.url}"]
    with db.connect() as other:
        other.execute(f"select {migrations.LOCK}")
        waiting = start(*arguments)
        assert waiting.stderr is not None
        assert "another `db up` is at work" in waiting.stderr.readline()
        monkeypatch.setattr(migrations, "OTHERS_SECONDS", 0.0)
        given_up = invoke(*arguments)
        assert (given_up.returncode, parsed(given_up)["error"]) == (3, "others_at_work")
        assert waiting.poll() is None
    out, err = waiting.communicate(timeout=60)
    assert waiting.returncode == 0, out + err
    assert '"applied": []' in out
