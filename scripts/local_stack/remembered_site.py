"""The site of a data folder: named once, it holds for later starts."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def choose(folder: Path, named: str | None) -> str | None:
    """Return the site that was named now or the last time; None for the small local pages.

    An empty name takes the site back.
    """
    if named is not None:
        return named or None
    file = _file(folder)
    return (file.read_text().strip() if file.exists() else "") or None


def remember(folder: Path, site_url: str | None) -> None:
    """Keep the site for later starts, or forget it.

    After the return pages are set: a start that fails before changes the site of none of both.
    """
    if site_url:
        _file(folder).write_text(f"{site_url}\n")
    else:
        _file(folder).unlink(missing_ok=True)


def _file(folder: Path) -> Path:
    return folder / "site_url"
