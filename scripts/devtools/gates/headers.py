"""The header of a migration against what the file did: `Touches` and `Locks`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fnmatch import fnmatch

from devtools.gates.facts import BESIDE, BLOCKING, PARTS, Migration

_SECTION = r"^-- {}:(.*?)(?=^-- \w+:|^\s*$)"
_SCHEMAS = "public|private|auth|storage|realtime|vault|cron"
_NAME = re.compile(rf"\b(?:{_SCHEMAS})\.[a-z_0-9]+\*?")
_KINDS = {"table", "view", "function", "type", "materialized view", "procedure"}
_MODES = {
    "ShareLock": "share",
    "ShareRowExclusiveLock": "share row exclusive",
    "ExclusiveLock": "exclusive",
    "AccessExclusiveLock": "access exclusive",
}


def compared(migration: Migration) -> Iterator[str]:
    """Yield where the header says another thing than PostgreSQL saw."""
    said = _names(migration.content, "Touches")
    done = touched(migration)
    for name in sorted(done):
        if not any(fnmatch(name, pattern) for pattern in said):
            yield f"touches {name}, and Touches does not say so"
    # What a file without a transaction has touched is no longer locked when one looks.
    for pattern in sorted(said if not migration.is_apart else ()):
        if not any(fnmatch(name, pattern) for name in done):
            yield f"Touches names {pattern}, which the file leaves alone"
    yield from _locks(migration)


def touched(migration: Migration) -> set[str]:
    """Return tables, views, functions and types made or changed, and tables whose rows are."""
    found = set()
    for statement in migration.statements:
        for command in statement.commands:
            is_own = command.kind in PARTS and command.name in migration.made
            if command.tag in {"COMMENT", "GRANT", "REVOKE"} or is_own:
                continue
            if command.kind in _KINDS | PARTS:
                found.add(command.name)
        found |= {name for name, modes in statement.locks.items() if "RowExclusiveLock" in modes}
    return {name for name in found if not name.startswith("pg_temp")}


def _locks(migration: Migration) -> Iterator[str]:
    said = _section(migration.content, "Locks")
    names = set(_NAME.findall(said))
    held = {
        name: max((mode for mode in modes if mode in BLOCKING), key=BLOCKING.index, default="")
        for name, modes in migration.locked.items()
    }
    for name, mode in sorted(held.items()):
        if mode and (name not in names or _MODES[mode] not in said):
            yield f"locks {name} in {_MODES[mode]}, and Locks does not say so"
    if not migration.is_apart:
        beside = {name for name, modes in migration.locked.items() if BESIDE in modes}
        for name in sorted(names - beside - {name for name, mode in held.items() if mode}):
            yield f"Locks names {name}, which nobody has to wait for"


def _names(content: str, section: str) -> set[str]:
    return set(_NAME.findall(_section(content, section)))


def _section(content: str, name: str) -> str:
    found = re.search(_SECTION.format(name), content, re.MULTILINE | re.DOTALL)
    return " ".join(found[1].replace("\n--", " ").split()) if found else ""
