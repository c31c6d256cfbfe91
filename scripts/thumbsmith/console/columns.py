"""Aligned lines for people, where something in them is there to be copied."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from thumbsmith.console.output import OUT
from thumbsmith.console.values import dollars, plain

if TYPE_CHECKING:
    from collections.abc import Sequence

_MICROS = "_micros"


def print_columns(title: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Print aligned lines, never cut or folded: ids and keys stay whole in a narrow terminal.

    A column of millionths of a dollar is printed as money, without the unit in its name.
    """
    is_money = [column.endswith(_MICROS) for column in columns]
    lines = [[column.removesuffix(_MICROS) for column in columns]]
    for row in rows:
        cells = zip(row, is_money, strict=True)
        lines.append([dollars(cell) if micros else plain(cell) for cell, micros in cells])
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    OUT.print(f"\n{title}", style="bold", markup=False, highlight=False)
    for line in lines:
        padded = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        OUT.print("  ".join(padded).rstrip(), markup=False, highlight=False)
