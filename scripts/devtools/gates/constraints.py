"""Constraints of tables in use: added without a look at the rows, validated by a later file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from devtools.gates.touching import Migration

_ALTER = re.compile(r"alter table (?:if exists |only )*(?P<table>[\w.]+) (?P<actions>.*)$")
_ADD = re.compile(
    r"add (?:constraint (?P<name>\w+) )?(?P<kind>foreign key|check|unique|primary key)"
)
_ADD_COLUMN = re.compile(
    r"add (?:column )?(?:if not exists )?\w+ .*?\b(?P<kind>references|check)\b"
)
_VALIDATE = re.compile(r"validate constraint (?P<name>\w+)$")


def added(migration: Migration) -> Iterator[str]:
    """Give the constraints that would look at every row while nobody may write."""
    for table, action in _actions(migration):
        added = _ADD.match(action)
        if added is None:
            if column := _ADD_COLUMN.match(action):
                yield f"a column of {table} with {column['kind']}: add the constraint by itself"
        elif added["kind"] in {"unique", "primary key"}:
            if " using index " not in action:
                yield f"a key of {table} is made `using index`, which was built concurrently"
        elif not action.endswith("not valid"):
            yield f"a {added['kind']} on {table} is added not valid"


def never_validated(migrations: Sequence[Migration]) -> Iterator[str]:
    """Give the constraints that stay not valid."""
    for place, migration in enumerate(migrations):
        later = {name for one in migrations[place + 1 :] for name in _validated(one)}
        for _, action in _actions(migration):
            found = _ADD.match(action)
            if found and action.endswith("not valid") and found["name"] not in later:
                yield f"{migration.name}: no later file validates {found['name']}"


def _actions(migration: Migration) -> Iterator[tuple[str, str]]:
    """Give each action on a table of another file, with its table."""
    for statement in migration.statements:
        altered = _ALTER.match(statement.code)
        if altered and altered["table"] not in migration.made:
            for action in _parts(altered["actions"]):
                yield altered["table"], action


def _validated(migration: Migration) -> Iterator[str]:
    for _, action in _actions(migration):
        if validated := _VALIDATE.match(action):
            yield validated["name"]


def _parts(actions: str) -> Iterator[str]:
    """Split at the commas that are in no bracket."""
    part, depth = "", 0
    for sign in actions:
        depth += {"(": 1, ")": -1}.get(sign, 0)
        if sign == "," and depth == 0:
            yield part.strip()
            part = ""
        else:
            part += sign
    yield part.strip()
