"""`thumbsmith models`: the catalogue of models, and whether the provider still agrees with it."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import typer

from thumbsmith.console.output import OUT, Exit, Json, print_json, progress
from thumbsmith.db.commands import DataDir, DbUrl
from thumbsmith.models.access import Replicate, Version, open_replicate
from thumbsmith.models.check import CATALOGUE, Finding, findings
from thumbsmith.operator import acting

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

app = typer.Typer(
    help="The models that paint. REPLICATE_API_TOKEN says whose account asks.",
    no_args_is_help=True,
)

_MISSING = Finding("model_missing", "", "the provider has no such model or version")


@app.callback()
def group() -> None:
    """Keep `check` a command of its own: a group with one command would be that command."""


@app.command()
def check(*, db_url: DbUrl = None, data_dir: DataDir = None, as_json: Json = False) -> None:
    """Compare every enabled model with the schema that the provider shows; 1 when one differs."""
    rows = _rows(db_url, data_dir, as_json=as_json)
    with (
        open_replicate(db_url, data_dir, as_json=as_json) as provider,
        progress("asking Replicate", quiet=as_json),
    ):
        report = list(_compared(rows, provider))
    is_ok = not any(one["findings"] for one in report)
    if as_json:
        print_json({"ok": is_ok, "models": report})
    else:
        _show(report)
    if not is_ok:
        raise typer.Exit(Exit.FINDING)


def _rows(db_url: str | None, data_dir: Path | None, *, as_json: bool) -> list[dict[str, Any]]:
    with acting.operating(db_url, data_dir, yes=False, as_json=as_json) as connection:
        return connection.execute(CATALOGUE).fetchall()


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
    if not report:
        OUT.print("no model is enabled")
    for one in report:
        mark = "[red]✗[/]" if one["findings"] else "[green]✓[/]"
        OUT.print(f"{mark} {one['type_key']} {one['preference']}: {one['model']}", highlight=False)
        for finding in one["findings"]:
            where = f" {finding['field']}" if finding["field"] else ""
            text = f"  {finding['problem']}{where}: {finding['detail']}"
            OUT.print(text, markup=False, highlight=False)
