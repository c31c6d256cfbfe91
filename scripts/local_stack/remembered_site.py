"""The site of a data folder: named once, it holds for later starts."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def choose(folder: Path, named: str | None) -> str | None:
    """Return the site that was named now or the last time; None for the small local pages.

    An empty name takes the site back.
    """
    file = folder / "site_url"
    if named is None:
        return (file.read_text().strip() if file.exists() else "") or None
    if named:
        file.write_text(f"{named}\n")
    else:
        file.unlink(missing_ok=True)
    return named or None
