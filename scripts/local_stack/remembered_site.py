"""The site of a data folder: named once, it holds for later starts."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def choose(folder: Path, named: str | None) -> str | None:
    """Return the site that was named now or the last time; None for the small local pages.

    An empty name takes the site back.
    """
    file = _file(folder)
    if named is None and file.exists():
        named = file.read_text().strip()
    return named or None


def remember(folder: Path, site_url: str | None) -> None:
    """Keep the site for later starts, once everything leads there."""
    if site_url:
        _file(folder).write_text(f"{site_url}\n")
    else:
        _file(folder).unlink(missing_ok=True)


def _file(folder: Path) -> Path:
    return folder / "site_url"
