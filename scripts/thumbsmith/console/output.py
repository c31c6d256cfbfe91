"""What the commands print: tables for people, JSON for programs, progress on stderr."""

from __future__ import annotations

import json
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

import typer

from thumbsmith.console.context import current
from thumbsmith.console.values import plain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from rich.console import Console


class _LazyConsole:
    """A console of rich, made when something is printed: importing rich takes its time."""

    def __init__(self, *, is_error: bool) -> None:
        self._is_error = is_error

    def __getattr__(self, name: str) -> Any:
        return getattr(_console(self._is_error), name)


@cache
def _console(is_error: bool) -> Console:
    from rich.console import Console

    return Console(stderr=is_error, soft_wrap=True)


OUT = _LazyConsole(is_error=False)
ERR = _LazyConsole(is_error=True)


def print_json(content: object) -> None:
    """Print one JSON document on stdout."""
    typer.echo(json.dumps(content, indent=2, default=str))


def say(*lines: str) -> None:
    """Print lines for people on stdout, as they are."""
    OUT.print("\n".join(lines), markup=False, highlight=False)


def note(line: str) -> None:
    """Print a line for people on stderr."""
    ERR.print(line, markup=False, highlight=False)


def print_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print a table on stdout."""
    from rich.table import Table

    table = Table(title=title, title_justify="left")
    for column in columns:
        table.add_column(column)
    for row in rows:
        table.add_row(*(plain(cell) for cell in row))
    OUT.print(table)


@contextmanager
def progress(first: str) -> Iterator[Callable[[str], None]]:
    """Show a spinner on stderr while something takes its time; the value changes its text."""
    if current().as_json or not ERR.is_terminal:
        yield lambda _: None
        return
    with ERR.status(first) as status:
        yield status.update
