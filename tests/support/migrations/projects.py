"""Folders that `thumbsmith db up` can apply: the previous release, what follows it, and samples."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

from devtools.gates import manifest
from local_stack.paths import SUPABASE_DIR
from tests.support.places import TESTS

SAMPLES = sorted((TESTS / "product" / "migrations" / "upgrade").glob("*.sql"))
# Before the first release: as much of the founding set as clients need, and the rest upgrades it.
FOUNDING = "20261124002600"


def project(folder: Path, files: Iterable[Path]) -> Path:
    """Make a project of these migrations."""
    migrations = folder / "supabase" / "migrations"
    migrations.mkdir(parents=True, exist_ok=True)
    shutil.copy(SUPABASE_DIR / "config.toml", folder / "supabase")
    for file in files:
        shutil.copy(file, migrations)
    return folder


def written(folder: Path, **files: str) -> Path:
    """Make a project of one migration for each word, in this order."""
    project(folder, ours())
    for number, (name, content) in enumerate(files.items(), 1):
        file = folder / "supabase" / "migrations" / f"{99990101000000 + number}_{name}.sql"
        file.write_text(content)
    return folder


def ours() -> list[Path]:
    """Return all migrations of the product."""
    return sorted((SUPABASE_DIR / "migrations").glob("*.sql"))


def previous_release() -> list[Path]:
    """Return the migrations of the last release, or the first part of the founding set."""
    released = manifest.read().released
    return [
        file
        for file in ours()
        if (file.name in released if released else file.name.split("_")[0] <= FOUNDING)
    ]
