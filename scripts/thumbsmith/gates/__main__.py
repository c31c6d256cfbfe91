"""`scripts/lint`: runs every gate and says which one fails and why."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from rich.console import Console

from thumbsmith.gates import documents, generated, migrations, sql_bodies, tools

Findings = list[str]
# The slow gates are programs of their own, and most of them use one core.
AT_ONCE = 2


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
    # What is written is not to be read meanwhile.
    with ThreadPoolExecutor(1 if write else AT_ONCE) as pool:
        running = {name: pool.submit(_timed, gate) for name, gate in gates(write=write).items()}
        for name, future in running.items():
            findings, seconds = future.result()
            mark = "[red]✗[/]" if findings else "[green]✓[/]"
            console.print(f"{mark} {name} [dim]{seconds:.1f} s[/]")
            for finding in findings:
                console.print(f"  {finding}", markup=False)
            is_ok = is_ok and not findings
    return 0 if is_ok else 1


def _timed(gate: Callable[[], Findings]) -> tuple[Findings, float]:
    began = time.monotonic()
    return gate(), time.monotonic() - began


if __name__ == "__main__":
    sys.exit(main())
