"""Migrations that are safe beside people at work: short locks, one concern, nothing lost early."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from devtools.gates import constraints, facts, headers
from devtools.gates.database import PLATFORM
from devtools.gates.facts import APART, BLOCKING, Migration, Statement, is_concurrent, relation
from local_stack import databases
from local_stack.paths import PROJECT
from local_stack.postgres import ADMIN, Postgres

# Who waits behind a migration waits for its lock and for the work under it: 2 s are promised. A
# lock is waited for shorter than deadlock_timeout: the migration gives up, and not a request.
LOCK_MAX_MS = 500
WORK_MAX_MS = 2000
TABLES_MAX = WORK_MAX_MS // LOCK_MAX_MS
POLICY_LINES_MAX = 100
_ROLLOUT = re.compile(r"^-- Rollout: (pre|post)\b(.*)", re.MULTILINE)
_POLICY = {"create_policy_stmt", "alter_policy_stmt"}
_ROWS = {"update_stmt", "delete_stmt", "insert_stmt", "merge_stmt", "truncate_stmt"}
_LOCKING_ROWS = {"update_stmt", "delete_stmt", "merge_stmt", "do_stmt"}
# Their own functions change them, a row at a time.
_SERVICES = ("cron.", "vault.")
_NARROWING = {"AT_DropColumn", "AT_SetNotNull", "AT_AlterColumnType"}
# What older code may call or read by its name.
_CALLED = {"table", "view", "materialized view", "function", "procedure", "type", "schema"}
_RENAMING = {"rename_stmt", "alter_object_schema_stmt"}


def check(server: Postgres, folder: Path = PROJECT, *, platform: str = PLATFORM) -> list[str]:
    """Apply every migration to a copy of the bare `platform`, and return what is unsafe."""
    files = sorted((folder / "supabase" / "migrations").glob("*.sql"))
    with databases.cloned(server, platform, "facts") as url:
        facts.watch(server.url(ADMIN, "facts"))
        return findings(facts.applied(url, [(file.name, file.read_text()) for file in files]))


def findings(migrations: Sequence[Migration]) -> list[str]:
    """Return what is unsafe in applied migrations, and what one leaves for a later one."""
    found = [finding for one in migrations for finding in of_one(one)]
    return found + list(constraints.never_validated(migrations))


def of_one(migration: Migration) -> Iterator[str]:
    """Yield what is unsafe in one migration."""
    rules = (
        timeouts,
        concurrent_indexes,
        policies,
        rollout,
        backfills,
        constraints.added,
        headers.compared,
    )
    for rule in rules:
        for finding in rule(migration):
            yield f"{migration.name}: {finding}"


def timeouts(migration: Migration) -> Iterator[str]:
    """Ask a file that others may wait for to say first how long it waits and works."""
    waiting = [one for one in migration.work if _waited_for(one) or _policy_table(one)]
    slow = (
        migration.work if migration.is_apart else [one for one in migration.work if _is_long(one)]
    )
    if not waiting and not slow:
        return
    names = {name for one in waiting for name in (*_waited_for(one), _policy_table(one)) if name}
    locked = sorted(names)
    what = f"locks {locked[0]}" if locked else "takes its time"
    if locked and slow and not migration.is_apart and any(not _is_long(one) for one in waiting):
        yield f"{what} and takes its time: these are two files"
    if len(others := names - migration.made) > TABLES_MAX:
        yield f"locks {len(others)} tables, at most {TABLES_MAX}: the first are held all the while"
    for name, most in (("lock_timeout", LOCK_MAX_MS), ("statement_timeout", WORK_MAX_MS)):
        values = [one.timeouts.get(name, 0) for one in (*waiting, *slow)]
        if 0 in values:
            yield f"{what}, and does not begin with `set {name} = …`"
        elif max(values) > most and not slow:
            yield f"{what}: {name} is at most {most} ms, not {max(values)}"


def concurrent_indexes(migration: Migration) -> Iterator[str]:
    """Want an index of a table in use built concurrently, alone, and again after a failure."""
    for one in migration.work:
        if one.kind == "index_stmt" and not is_concurrent(one):
            table = relation(one.tree["relation"])
            if table not in migration.made:
                yield f"an index on {table} is built concurrently, in a file of its own"
    if not any(map(is_concurrent, migration.work)):
        return
    dropped, *rest = migration.work
    is_drop = dropped.kind == "drop_stmt" and dropped.tree.get("missing_ok")
    if not is_drop or len(rest) > 1 or any(one.kind != "index_stmt" for one in rest):
        yield "`drop index concurrently if exists`, then perhaps one `create`, and nothing else"
        return
    names = [item["string"]["sval"] for item in dropped.tree["objects"][0]["list"]["items"]]
    if rest and names[-1] != rest[0].tree["idxname"]:
        made = rest[0].tree["idxname"]
        yield f"drops {names[-1]} and makes {made}: what is dropped is a leftover of the same"


def policies(migration: Migration) -> Iterator[str]:
    """Keep policies of tables in use apart: for any of them, hosted locks the tables of Auth."""
    tables = [table for one in migration.work if (table := _policy_table(one))]
    in_use = [table for table in tables if table not in migration.made]
    if not in_use:
        return
    if not all(_belongs_to_policies(one) for one in migration.work):
        yield f"a policy on {in_use[0]} stands in a file of policies alone"
    if (lines := migration.content.count("\n")) > POLICY_LINES_MAX:
        yield f"{lines} lines of policies, at most {POLICY_LINES_MAX}"


def rollout(migration: Migration) -> Iterator[str]:
    """Take what older code needs away after the new code is there, or with a reason."""
    said = _ROLLOUT.search(migration.content)
    lost = list(_lost(migration))
    if said is None:
        yield "Rollout begins with pre or post"
    elif lost and said[1] == "pre" and not said[2].strip(" ."):
        yield f"takes something from {lost[0]}: Rollout is post, or pre with a reason"


def backfills(migration: Migration) -> Iterator[str]:
    """Fill rows apart from the new column, in batches that are committed one by one."""
    has_new_column = any(
        action["subtype"] == "AT_AddColumn" for _, action in constraints.actions(migration)
    )
    if has_new_column and any(_changes_rows(one) for one in migration.work):
        yield "adds a column and changes rows: the backfill is a file of its own"
    is_apart = migration.content.startswith(APART)
    if "_backfill_" in migration.name:
        blocks = [_body(one) for one in migration.work if one.kind == "do_stmt"]
        if not is_apart or len(migration.work) != 1 or not blocks:
            yield f"a backfill is one block, under the first line `{APART.strip()}`"
        elif not all(re.search(word, blocks[0]) for word in (r"\blimit\b", r"\bcommit;")):
            yield "a backfill goes by batches: limit, and commit after each"
    elif is_apart:
        yield "only a backfill runs without a transaction"


def _is_long(statement: Statement) -> bool:
    """Return whether it may take its time: nobody waits for it."""
    actions = [one["alter_table_cmd"]["subtype"] for one in statement.tree.get("cmds", [])]
    return is_concurrent(statement) or actions == ["AT_ValidateConstraint"]


def _waited_for(statement: Statement) -> list[str]:
    """Return the relations that it locks, or whose rows it locks: an insert locks nobody out."""
    return [
        name
        for name, modes in statement.locks.items()
        if not name.startswith(_SERVICES)
        and (statement.kind in _LOCKING_ROWS or modes & set(BLOCKING))
    ]


def _policy_table(statement: Statement) -> str | None:
    if statement.kind in _POLICY:
        return relation(statement.tree["table"])
    if statement.kind == "drop_stmt" and statement.tree["remove_type"] == "OBJECT_POLICY":
        names = _strings(statement.tree["objects"][0]["list"]["items"])
        return ".".join(names[:-1])
    return None


def _belongs_to_policies(statement: Statement) -> bool:
    is_comment = statement.tree.get("objtype") == "OBJECT_POLICY"
    return bool(_policy_table(statement)) or is_comment or statement.kind == "grant_stmt"


def _lost(migration: Migration) -> Iterator[str]:
    """Yield what older code may miss afterwards: dropped, renamed, narrowed or revoked."""
    made = migration.made
    for command in (c for one in migration.statements for c in one.commands):
        if command.is_dropped and command.kind in _CALLED and command.name not in made:
            yield command.name
    for table, action in constraints.actions(migration):
        if action["subtype"] in _NARROWING:
            yield table
    for one in migration.statements:
        is_renaming = one.kind in _RENAMING or (
            one.kind == "alter_enum_stmt" and "old_val" in one.tree
        )
        if is_renaming or (one.kind == "grant_stmt" and not one.tree.get("is_grant")):
            yield from (name for name in _named(one.tree) if name not in made)


def _named(tree: dict[str, Any]) -> list[str]:
    """Return the objects that a statement on many kinds of objects names."""
    if "relation" in tree:
        return [relation(tree["relation"])]
    if "type_name" in tree:
        return [".".join(_strings(tree["type_name"]))]
    found = []
    for one in tree.get("objects", [tree.get("object", {})]):
        if "range_var" in one:
            found.append(relation(one["range_var"]))
        elif "object_with_args" in one:
            found.append(".".join(_strings(one["object_with_args"]["objname"])))
        elif "string" in one:
            found.append(one["string"]["sval"])
    return found


def _changes_rows(statement: Statement) -> bool:
    return statement.kind in _ROWS or (
        statement.kind == "do_stmt"
        and any("RowExclusiveLock" in modes for modes in statement.locks.values())
    )


def _body(block: Statement) -> str:
    parts = [one["def_elem"] for one in block.tree["args"]]
    return "".join(one["arg"]["string"]["sval"] for one in parts if one["defname"] == "as")


def _strings(items: list[dict[str, Any]]) -> list[str]:
    return [item["string"]["sval"] for item in items if "string" in item]
