"""What is made once and kept: it appears in its place in one step, whoever is first."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def settle(made: Path, place: Path) -> None:
    """Move what was made beside its place there; keep what somebody faster has put there."""
    try:
        made.rename(place)
    except OSError:
        if not place.exists():
            raise
