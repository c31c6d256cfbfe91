"""Gates that are other people's tools."""

from __future__ import annotations

import subprocess
import sys

from local_stack.paths import PROJECT

_SQL = ["supabase/migrations", "supabase/seed.sql", "sql/platform", "sql/checks"]


def ruff_check() -> list[str]:
    """Check the style of Python."""
    return _run("ruff", "check", "--quiet", ".")


def ruff_format() -> list[str]:
    """Check the layout of Python."""
    return _run("ruff", "format", "--quiet", "--check", "--diff", ".")


def mypy() -> list[str]:
    """Check the types of Python, strictly."""
    return _run("mypy")


def sqlfluff() -> list[str]:
    """Check the style of SQL, but for the bodies of functions."""
    folders = [path for path in _SQL if (PROJECT / path).exists()]
    return _run("sqlfluff", "lint", "--disable-progress-bar", *folders)


def _run(module: str, *arguments: str) -> list[str]:
    argv = [sys.executable, "-m", module, *arguments]
    done = subprocess.run(argv, cwd=PROJECT, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode == 0:
        return []
    return [*done.stdout.splitlines(), *done.stderr.splitlines()]
