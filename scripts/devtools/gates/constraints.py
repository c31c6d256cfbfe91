"""Constraints of tables in use: added without a look at the rows, validated by a later file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from devtools.gates.facts import Migration, relation

_KINDS = {"CONSTR_FOREIGN": "foreign key", "CONSTR_CHECK": "check"}
_KEYS = {"CONSTR_UNIQUE", "CONSTR_PRIMARY"}


def added(migration: Migration) -> Iterator[str]:
    """Yield the constraints that would look at every row while nobody may write."""
    for table, action in actions(migration):
        if action["subtype"] == "AT_AddColumn":
            for part in action["def"]["column_def"].get("constraints", []):
                if kind := _KINDS.get(part["constraint"]["contype"]):
                    yield f"a column of {table} with a {kind}: add the constraint by itself"
        elif constraint := _added(action):
            if constraint["contype"] in _KEYS and "indexname" not in constraint:
                yield f"a key of {table} is made `using index`, which was built concurrently"
            kind = _KINDS.get(constraint["contype"])
            if kind and not constraint.get("skip_validation"):
                yield f"a {kind} on {table} is added not valid"


def never_validated(migrations: Sequence[Migration]) -> Iterator[str]:
    """Yield the constraints that stay not valid."""
    for number, migration in enumerate(migrations):
        later = {name for one in migrations[number + 1 :] for name in _validated(one)}
        for _, action in actions(migration):
            constraint = _added(action) or {}
            if constraint.get("skip_validation") and constraint.get("conname") not in later:
                yield f"{migration.name}: no later file validates {constraint.get('conname')}"


def actions(migration: Migration) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each action of `alter table` on a table of another file, with its table."""
    for statement in migration.statements:
        if statement.kind != "alter_table_stmt":
            continue
        table = relation(statement.tree["relation"])
        if table not in migration.made:
            for command in statement.tree["cmds"]:
                yield table, command["alter_table_cmd"]


def _added(action: dict[str, Any]) -> dict[str, Any] | None:
    is_added = action["subtype"] == "AT_AddConstraint"
    constraint: dict[str, Any] | None = action["def"]["constraint"] if is_added else None
    return constraint


def _validated(migration: Migration) -> Iterator[str]:
    for _, action in actions(migration):
        if action["subtype"] == "AT_ValidateConstraint":
            yield action["name"]
