"""The hashes of all migrations: what is released never changes, and nothing slips in before it.

`sql/migrations.sha256` has a line for each file, as `sha256sum` writes it. A release is a line
`# released <version>`: what stands above it is applied somewhere and stays as it is; what stands
below may still change, and `--write` brings its hashes up to date.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from devtools.gates.outcome import Findings
from local_stack.paths import PROJECT

_FILE = Path("sql") / "migrations.sha256"
_RELEASE = "# released "


@dataclass(frozen=True)
class Manifest:
    """Lines of the file up to the last release, and hash by name above and below it."""

    kept: list[str]
    released: dict[str, str]
    unreleased: dict[str, str]


def read(folder: Path = PROJECT) -> Manifest:
    """Read the file; one that is missing has no line."""
    file = folder / _FILE
    lines = file.read_text().splitlines() if file.exists() else []
    releases = [number for number, line in enumerate(lines, 1) if line.startswith(_RELEASE)]
    end = max(releases, default=0)
    return Manifest(lines[:end], _hashes(lines[:end]), _hashes(lines[end:]))


def _hashes(lines: list[str]) -> dict[str, str]:
    pairs = (line.split("  ", 1) for line in lines if line and not line.startswith("#"))
    return {name: digest for digest, name in pairs}


def check(folder: Path = PROJECT, *, write: bool = False) -> Findings:
    """Compare every migration with its line; with `write`, renew those of no release yet."""
    manifest = read(folder)
    files = {
        file.name: hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted((folder / "supabase" / "migrations").glob("*.sql"))
    }
    found = list(_released(manifest, files))
    new = {name: digest for name, digest in files.items() if name not in manifest.released}
    if new != manifest.unreleased or list(new) != list(manifest.unreleased):
        if write:
            lines = [*manifest.kept, *(f"{digest}  {name}" for name, digest in new.items())]
            (folder / _FILE).write_text("\n".join(lines) + "\n")
        else:
            found.append(f"{_FILE} is stale: scripts/lint --write refreshes it")
    return found


def _released(manifest: Manifest, files: dict[str, str]) -> Iterator[str]:
    for name, digest in manifest.released.items():
        if name not in files:
            yield f"{name}: released, and gone"
        elif files[name] != digest:
            yield f"{name}: released, and changed; write a new migration instead"
    last = max(manifest.released, default="")
    for name in files:
        if name not in manifest.released and name < last:
            yield f"{name}: older than {last}, which is released: it would be left out"
