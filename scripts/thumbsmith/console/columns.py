"""Aligned lines for people, where something in them is there to be copied."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from thumbsmith.console.output import OUT

if TYPE_CHECKING:
    from collections.abc import Sequence


def print_columns(title: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Print aligned lines, never cut or folded: ids and keys stay whole in a narrow terminal."""
    lines = [list(columns), *([_cell(value) for value in row] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    OUT.print(f"\n{title}", style="bold", markup=False, highlight=False)
    for line in lines:
        padded = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        OUT.print("  ".join(padded).rstrip(), markup=False, highlight=False)


def _cell(value: Any) -> str:
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}"
    return "" if value is None else str(value)
