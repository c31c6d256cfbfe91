"""`thumbsmith check`: asks every question of sql/checks; healthy is no row."""

from __future__ import annotations

import typer

from thumbsmith.checks.questions import Result, run_checks
from thumbsmith.console.context import current
from thumbsmith.console.errors import Exit
from thumbsmith.console.output import OUT, print_json, progress, say
from thumbsmith.console.values import plain
from thumbsmith.operator.database import database_url

SHOWN = 10


def check() -> None:
    """Look for anything that breaks a promise; 1 when something is found."""
    url = database_url()
    with progress("asking the database"):
        results = run_checks(url)
    findings = sum(len(result.rows) for result in results)
    if current().as_json:
        checks = [
            {"name": r.name, "promise": r.promise, "then": r.then, "rows": r.rows} for r in results
        ]
        counts = {"questions": len(results), "findings": findings}
        print_json({"ok": not findings, **counts, "checks": checks})
    else:
        _show(results)
        say(f"{len(results)} questions, {findings} findings")
    if findings:
        raise typer.Exit(Exit.FINDING)


def _show(results: list[Result]) -> None:
    for result in results:
        mark = "[red]✗[/]" if result.rows else "[green]✓[/]"
        OUT.print(f"{mark} {result.promise}", highlight=False)
        for row in result.rows[:SHOWN]:
            say("  " + ", ".join(f"{key} {plain(value)}" for key, value in row.items()))
        if len(result.rows) > SHOWN:
            OUT.print(f"  and {len(result.rows) - SHOWN} more; --json shows all", style="dim")
        if result.rows and result.then:
            say(f"  Then: {result.then}")
