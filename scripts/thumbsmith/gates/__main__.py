"""`scripts/lint`: runs every gate and says which one fails and why."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable

from rich.console import Console

from thumbsmith.gates import documents, generated, migrations, sql_bodies, tools

Findings = list[str]


def gates(*, write: bool) -> dict[str, Callable[[], Findings]]:
    """Give every gate by name; a gate gives its findings, none when all is well."""
    return {
        "ruff check": tools.ruff_check,
        "ruff format": tools.ruff_format,
        "mypy": tools.mypy,
        "sqlfluff": tools.sqlfluff,
        "SQL inside function bodies": sql_bodies.check,
        "migration files": migrations.check,
        "documents": documents.check,
        "advisors, sql/schema.sql and types": lambda: generated.check(write=write),
    }


def main() -> int:
    """Run all gates; 0 when none has a finding."""
    parser = argparse.ArgumentParser(prog="scripts/lint", description=__doc__)
    parser.add_argument("--write", action="store_true", help="refresh sql/schema.sql and the types")
    write = bool(parser.parse_args().write)
    console = Console(highlight=False, soft_wrap=True)
    is_ok = True
    for name, gate in gates(write=write).items():
        began = time.monotonic()
        findings = gate()
        seconds = f"{time.monotonic() - began:.1f} s"
        mark = "[red]✗[/]" if findings else "[green]✓[/]"
        console.print(f"{mark} {name} [dim]{seconds}[/]")
        for finding in findings:
            console.print(f"  {finding}", markup=False)
        is_ok = is_ok and not findings
    return 0 if is_ok else 1


if __name__ == "__main__":
    sys.exit(main())
