"""Gates that are other people's tools."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from devtools.gates.outcome import Findings
from local_stack.paths import PROJECT

_SQL = [
    *("supabase/migrations", "supabase/seed.sql", "sql/platform", "sql/checks", "sql/lints"),
    # Samples of what is allowed.
    "tests/product/migrations/upgrade",
]


def ruff_check(*paths: Path) -> Findings:
    """Check the style of Python."""
    return _run(*_module("ruff"), "check", "--quiet", *_or(paths, "."))


def ruff_format(*paths: Path) -> Findings:
    """Check the layout of Python."""
    return _run(*_module("ruff"), "format", "--quiet", "--check", "--diff", *_or(paths, "."))


def mypy(*paths: Path) -> Findings:
    """Check the types of Python, strictly."""
    return _run(*_module("mypy"), *_or(paths))


def sqlfluff(*paths: Path) -> Findings:
    """Check the style of SQL, but for the bodies of functions."""
    folders = [path for path in _SQL if (PROJECT / path).exists()]
    options = ["lint", "--config=.sqlfluff", "--processes=2", "--disable-progress-bar"]
    return _run(*_module("sqlfluff"), *options, *_or(paths, *folders))


def squawk(*paths: Path) -> Findings:
    """Check that no migration holds up a live database; .squawk.toml says what is not asked."""
    program = str(Path(sys.executable).with_name("squawk"))
    files = sorted((PROJECT / "supabase" / "migrations").glob("*.sql"))
    return _run(program, "--reporter=gcc", *_or(paths, *map(str, files)))


def _or(paths: tuple[Path, ...], *all_of_them: str) -> list[str]:
    return [str(path) for path in paths] or list(all_of_them)


def _module(name: str) -> list[str]:
    return [sys.executable, "-m", name]


def _run(*argv: str) -> Findings:
    done = subprocess.run(argv, cwd=PROJECT, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode == 0:
        return []
    return [*done.stdout.splitlines(), *done.stderr.splitlines()]
