"""The hashes of migrations: released files never change, others follow `--write`."""

from __future__ import annotations

from pathlib import Path

import pytest

from devtools.gates import manifest

STALE = "sql/migrations.sha256 is stale: scripts/lint --write refreshes it"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a project with two migrations, the first of which is released."""
    (tmp_path / "sql").mkdir()
    (tmp_path / "supabase" / "migrations").mkdir(parents=True)
    write(tmp_path, "1_a.sql")
    assert manifest.check(tmp_path, write=True) == []
    release(tmp_path, "0.1.0")
    write(tmp_path, "2_b.sql")
    assert manifest.check(tmp_path) == [STALE]
    assert manifest.check(tmp_path, write=True) == []
    assert manifest.check(tmp_path) == []
    return tmp_path


def write(folder: Path, name: str, content: str = "select 1;\n") -> None:
    (folder / "supabase" / "migrations" / name).write_text(content)


def release(folder: Path, version: str) -> None:
    file = folder / "sql" / "migrations.sha256"
    file.write_text(f"{file.read_text()}# released {version}\n")


def test_what_is_not_released_may_change(folder: Path) -> None:
    write(folder, "2_b.sql", "select 2;\n")
    assert manifest.check(folder) == [STALE]
    assert manifest.check(folder, write=True) == []
    assert manifest.check(folder) == []
    (folder / "supabase" / "migrations" / "2_b.sql").unlink()
    assert manifest.check(folder) == [STALE]


def test_what_is_released_may_not_change(folder: Path) -> None:
    changed = "1_a.sql: released, and changed; write a new migration instead"
    write(folder, "1_a.sql", "select 2;\n")
    # Nor does --write make it right.
    assert manifest.check(folder, write=True) == [changed]
    assert manifest.check(folder) == [changed]
    (folder / "supabase" / "migrations" / "1_a.sql").unlink()
    assert manifest.check(folder) == ["1_a.sql: released, and gone"]
    write(folder, "1_a.sql")
    assert manifest.check(folder) == []


def test_nothing_slips_in_before_what_is_released(folder: Path) -> None:
    release(folder, "0.2.0")
    write(folder, "1_c.sql")
    assert manifest.check(folder, write=True) == [
        "1_c.sql: older than 2_b.sql, which is released: it would be left out"
    ]
    (folder / "supabase" / "migrations" / "1_c.sql").rename(
        folder / "supabase" / "migrations" / "3_c.sql"
    )
    assert manifest.check(folder, write=True) == []
    assert list(manifest.read(folder).released) == ["1_a.sql", "2_b.sql"]
    assert list(manifest.read(folder).unreleased) == ["3_c.sql"]
