"""What the catalog of the migrated database has to be like."""

from __future__ import annotations

from pathlib import Path

from devtools.gates.outcome import Findings
from local_stack import supabase_cli
from local_stack.paths import PROJECT
from thumbsmith.checks.questions import run_checks

LINTS = PROJECT / "sql" / "lints"


def advisors(url: str) -> Findings:
    """Ask Supabase's own advisors."""
    options = ["--type", "all", "--level", "warn", "--fail-on", "warn"]
    done = supabase_cli.supabase("db", "advisors", *options, remote=url, check=False)
    return [*done.stdout.splitlines(), *done.stderr.splitlines()] if done.returncode else []


def lints(url: str, folder: Path = LINTS) -> Findings:
    """Ask what the advisors do not: every question of sql/lints, where no row is good."""
    return [
        f"{result.name}: {', '.join(f'{key} {value}' for key, value in row.items())}"
        for result in run_checks(url, folder)
        for row in result.rows
    ]
