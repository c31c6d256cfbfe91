"""Run the operator's commands on a test's database."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Any

from typer.testing import CliRunner

from tests.support.local_stack.stack_process import HIDDEN, parsed
from thumbsmith.cli import app

if TYPE_CHECKING:
    import uuid
    from collections.abc import Mapping

    from tests.support.database import Database

# What a new account owns.
START = 50


def invoke(
    *arguments: str, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a command in this process: one of its own takes a second to start."""
    done = CliRunner().invoke(app, arguments, env=dict.fromkeys(HIDDEN) | dict(env or {}))
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    return subprocess.CompletedProcess(arguments, done.exit_code, done.stdout, done.stderr)


def run(
    db: Database, group: str, command: object, *more: object
) -> subprocess.CompletedProcess[str]:
    """Run a command of a group on this database."""
    return invoke(group, str(command), f"--db-url={db.url}", *map(str, more))


def report(db: Database, group: str, command: object, *more: object) -> Any:
    """Run a command that must work and give its JSON."""
    done = run(db, group, command, *more, "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    return parsed(done)


def available(db: Database, user_id: uuid.UUID) -> int:
    """Give what the person is told they can spend."""
    return int(db.call(user_id, "select available from public.my_credits()")["available"])


def audited(db: Database, user_id: uuid.UUID) -> list[tuple[str, str, str]]:
    """Give action, actor and reason of what operators did, oldest first."""
    rows = db.rows(
        "select a.action, a.actor, a.reason from private.audit_log as a"
        " where a.profile_id = %s order by a.id",
        user_id,
    )
    return [(row["action"], row["actor"], row["reason"]) for row in rows]


def commanded(db: Database) -> list[tuple[str, str, str]]:
    """Return action, actor and reason of all commands, oldest first, without changed rows."""
    rows = db.rows(
        "select a.action, a.actor, a.reason from private.audit_log as a"
        " where not starts_with(a.action, 'change_') order by a.id"
    )
    return [(row["action"], row["actor"], row["reason"]) for row in rows]


def changes(db: Database, after_id: int = 0) -> list[dict[str, Any]]:
    """Return what was changed in rows that are audited, oldest first, without their ids."""
    return db.rows(
        "select a.action, a.actor, a.reason, a.details from private.audit_log as a"
        " where starts_with(a.action, 'change_') and a.id > %s order by a.id",
        after_id,
    )
