"""`thumbsmith models`: the catalog of models, and whether the provider still agrees with it."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import typer

from thumbsmith.console.command import Commands
from thumbsmith.console.context import current
from thumbsmith.console.errors import CommandError, Exit
from thumbsmith.console.output import OUT, print_json, progress
from thumbsmith.models.access import Replicate, Version, open_replicate
from thumbsmith.models.check import CATALOG, Finding, findings
from thumbsmith.operator.transaction import operator_transaction

if TYPE_CHECKING:
    from collections.abc import Iterator

app = Commands(help="The models that paint. REPLICATE_API_TOKEN says whose account asks.")

_MISSING = Finding("model_missing", "", "the provider has no such model or version")


@app.callback()
def group() -> None:
    """Keep `check` a command of its own: a group with one command would be that command."""


@app.command()
def check() -> None:
    """Compare every enabled model with the schema that the provider shows; 1 when one differs."""
    rows = _rows()
    with (
        open_replicate() as provider,
        progress("asking Replicate"),
    ):
        report = list(_compared(rows, provider))
    is_ok = not any(one["findings"] for one in report)
    if current().as_json:
        print_json({"ok": is_ok, "models": report})
    else:
        _show(report)
    if not is_ok:
        raise typer.Exit(Exit.FINDING)


def _rows() -> list[dict[str, Any]]:
    with operator_transaction() as connection:
        rows = connection.execute(CATALOG).fetchall()
    if not rows:
        detail = "the database has no enabled model of an enabled generation type"
        raise CommandError("no_models", detail, code=Exit.USAGE)
    return rows


def _compared(rows: list[dict[str, Any]], provider: Replicate) -> Iterator[dict[str, Any]]:
    asked: dict[str, Version | None] = {}
    for row in rows:
        model = row["model"]
        if model not in asked:
            asked[model] = provider.version(model)
        version = asked[model]
        found = [_MISSING] if version is None else findings(row, version.document)
        yield {
            "type_key": row["type_key"],
            "preference": row["preference"],
            "model": model,
            "version": version.id if version else None,
            "findings": [asdict(one) for one in found],
        }


def _show(report: list[dict[str, Any]]) -> None:
    for one in report:
        mark = "[red]✗[/]" if one["findings"] else "[green]✓[/]"
        OUT.print(f"{mark} {one['type_key']} {one['preference']}: {one['model']}", highlight=False)
        for finding in one["findings"]:
            where = f" {finding['field']}" if finding["field"] else ""
            text = f"  {finding['problem']}{where}: {finding['detail']}"
            OUT.print(text, markup=False, highlight=False)
