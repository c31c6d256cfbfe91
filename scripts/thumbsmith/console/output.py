"""What the commands print: tables for people, JSON for programs, progress on stderr."""

from __future__ import annotations

import json
from contextlib import contextmanager
from enum import IntEnum
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer
from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

OUT = Console(soft_wrap=True)
ERR = Console(stderr=True, soft_wrap=True)

Json = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]


class Exit(IntEnum):
    """Exit codes of every command."""

    OK = 0
    FINDING = 1
    USAGE = 2
    TRY_AGAIN = 3


def print_json(content: object) -> None:
    """Print one JSON document on stdout."""
    typer.echo(json.dumps(content, indent=2, default=str))


def print_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print a table on stdout."""
    table = Table(title=title, title_justify="left")
    for column in columns:
        table.add_column(column)
    for row in rows:
        table.add_row(*(str(cell) for cell in row))
    OUT.print(table)


def fail(
    message: str, code: Exit = Exit.FINDING, *, as_json: bool = False, **more: object
) -> NoReturn:
    """Say what went wrong and end with a code."""
    if as_json:
        print_json({"ok": False, "error": message, **more})
    else:
        ERR.print(message, style="red", markup=False, highlight=False)
    raise typer.Exit(code)


def stop(
    slug: str, detail: str, code: Exit = Exit.FINDING, *, as_json: bool, **more: object
) -> NoReturn:
    """End the command with a slug for programs and a sentence for people."""
    if as_json:
        fail(slug, code, as_json=True, detail=detail, **more)
    fail(f"{slug}: {detail}", code)


@contextmanager
def progress(first: str, *, quiet: bool = False) -> Iterator[Callable[[str], None]]:
    """Show a spinner on stderr while something takes its time; the value changes its text."""
    if quiet or not ERR.is_terminal:
        yield lambda _: None
        return
    with ERR.status(first) as status:
        yield status.update
