"""Migrations that are safe beside people at work: short locks, one concern, nothing lost early."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from devtools.gates import constraints
from devtools.gates.touching import Migration, is_concurrent, is_long, is_policy
from local_stack.paths import PROJECT

# Who waits behind a migration waits for its lock and for the work under it: 2 s are promised. A
# lock is waited for shorter than deadlock_timeout: the migration gives up, and not a request.
LOCK_MAX_MS = 500
WORK_MAX_MS = 2000
TABLES_MAX = WORK_MAX_MS // LOCK_MAX_MS
POLICY_LINES_MAX = 100
# The CLI then runs each statement by itself, so that a block may commit.
APART = "-- pg-delta: transaction=false\n"
_UNITS = {"": 1, "ms": 1, "s": 1000, "min": 60_000, "h": 3_600_000}
_ROLLOUT = re.compile(r"^-- Rollout: (pre|post)\b(.*)", re.MULTILINE)


def check(folder: Path = PROJECT) -> list[str]:
    """Check every migration, and what one leaves for a later one."""
    files = sorted((folder / "supabase" / "migrations").glob("*.sql"))
    migrations = [Migration.read(file.name, file.read_text()) for file in files]
    found = [finding for one in migrations for finding in findings(one)]
    return found + list(constraints.never_validated(migrations))


def findings(migration: Migration) -> Iterator[str]:
    """Give what is unsafe in one migration."""
    rules = (settings, concurrent_indexes, policies, rollout, backfills, constraints.added)
    for rule in rules:
        for finding in rule(migration):
            yield f"{migration.name}: {finding}"


def settings(migration: Migration) -> Iterator[str]:
    """Ask a file that others may wait for to say first how long it waits and works."""
    locked, is_slow = migration.locked, any(map(is_long, migration.work)) or _is_apart(migration)
    if not locked and not is_slow:
        return
    what = f"locks {locked[0]}" if locked else "takes its time"
    if locked and is_slow and not _is_apart(migration):
        yield f"{what} and takes its time: these are two files"
    if len(others := {table for table in locked if table not in migration.made}) > TABLES_MAX:
        yield f"locks {len(others)} tables, at most {TABLES_MAX}: the first are held all the while"
    for name, most in (("lock_timeout", LOCK_MAX_MS), ("statement_timeout", WORK_MAX_MS)):
        value = _milliseconds(migration.settings.get(name, ""))
        if not value:
            yield f"{what}, and does not begin with `set {name} = …`"
        elif value > most and not is_slow:
            yield f"{what}: {name} is at most {most} ms, not {value}"


def concurrent_indexes(migration: Migration) -> Iterator[str]:
    """Want an index of a table in use built concurrently, alone, and again after a failure."""
    for table in migration.indexed:
        yield f"an index on {table} is built concurrently, in a file of its own"
    if not any(map(is_concurrent, migration.work)):
        return
    work = [one.code for one in migration.work]
    names = re.match(
        r"drop index concurrently if exists ([\w.]+)"
        r"(?:;create (?:unique )?index concurrently (\w+) on .*)?$",
        ";".join(work),
    )
    if names is None or len(work) > 2:
        yield "`drop index concurrently if exists`, then perhaps one `create`, and nothing else"
    elif names[2] and names[1].split(".")[-1] != names[2]:
        yield f"drops {names[1]} and makes {names[2]}: what is dropped is a leftover of the same"


def policies(migration: Migration) -> Iterator[str]:
    """Keep policies of tables in use apart: for any of them, hosted locks the tables of Auth."""
    on = [table for table in migration.policies if table not in migration.made]
    if not on:
        return
    if not all(map(is_policy, migration.work)):
        yield f"a policy on {on[0]} stands in a file of policies alone"
    if (lines := migration.content.count("\n")) > POLICY_LINES_MAX:
        yield f"{lines} lines of policies, at most {POLICY_LINES_MAX}"


def rollout(migration: Migration) -> Iterator[str]:
    """Take what older code needs away after the new code is there, or with a reason."""
    said = _ROLLOUT.search(migration.content)
    if said is None:
        yield "Rollout begins with pre or post"
    elif migration.lost and said[1] == "pre" and not said[2].strip(" ."):
        yield f"takes something from {migration.lost[0]}: Rollout is post, or pre with a reason"


def backfills(migration: Migration) -> Iterator[str]:
    """Fill rows apart from the new column, in batches that are committed one by one."""
    if migration.has_new_column and migration.has_data:
        yield "adds a column and changes rows: the backfill is a file of its own"
    if "_backfill_" in migration.name:
        blocks = [one for one in migration.work if one.code.startswith("do ")]
        if not _is_apart(migration) or len(migration.work) != 1 or not blocks:
            yield f"a backfill is one block, under the first line `{APART.strip()}`"
        elif not all(re.search(word, blocks[0].body) for word in (r"\blimit\b", r"\bcommit;")):
            yield "a backfill goes by batches: limit, and commit after each"
    elif _is_apart(migration):
        yield "only a backfill runs without a transaction"


def _is_apart(migration: Migration) -> bool:
    return migration.content.startswith(APART)


def _milliseconds(value: str) -> int:
    parts = re.fullmatch(r"(\d+)(ms|s|min|h|)", value)
    return int(parts[1]) * _UNITS[parts[2]] if parts else 0
