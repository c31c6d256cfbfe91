"""One change of a person's credits by the operator: done or tried, then told."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg

from thumbsmith.console.context import current
from thumbsmith.console.errors import CommandError, Exit
from thumbsmith.console.output import OUT, print_json
from thumbsmith.operator.arguments import DRY_RUN, user_name
from thumbsmith.operator.people import balance, find_person
from thumbsmith.operator.transaction import KEY_PREFIX, Connection, call, operator_transaction

_DONE = {"grant": "granted", "revoke": "revoked", "freeze": "frozen", "release": "released"}
# What the functions count that take no amount: several freezes may hold one lot.
_COUNTED = {"freeze": "lots", "release": "freezes"}


@dataclass(frozen=True)
class CreditChange:
    """One change: for whom, by whom, why, under which key, and whether it is kept."""

    action: str
    person: str
    who: str | None
    why: str
    key: str | None
    commit: bool


def run(change: CreditChange, arguments: dict[str, Any], expires_in: str | None = None) -> None:
    """Call the function of the action, and print what it did or would do."""
    who = user_name(change.who)
    key = change.key if change.key is not None else str(uuid.uuid4())
    if not key.strip():
        raise CommandError("key_empty", "--key is empty", code=Exit.USAGE)
    with _repeatable(key), operator_transaction(commit=change.commit) as connection:
        person = find_person(connection, change.person)
        # Whoever holds this lock alone changes the balance: before and after are of this change.
        connection.execute(
            "select from public.profiles as p where p.id = %s for no key update", (person.id,)
        )
        if expires_in is not None:
            arguments["expires_at"] = _from_now(connection, expires_in)
        before = balance(connection, person)
        earlier = _done_under(connection, key)
        result = call(
            connection,
            f"operator_{change.action}",
            {
                "profile_id": person.id,
                **arguments,
                "who": who,
                "why": change.why,
                "action_key": key,
            },
        )
        after = balance(connection, person)
    report = {
        "ok": True,
        "action": change.action,
        "person": {"id": person.id, "email": person.email},
        **arguments,
        **({_COUNTED[change.action]: result} if change.action in _COUNTED else {}),
        "key": key,
        "dry_run": not change.commit,
        "done": bool(result) and change.commit,
        "done_before": earlier,
        "before": before,
        "after": after,
    }
    if current().as_json:
        print_json(report)
    else:
        _show(report, str(person))


@contextmanager
def _repeatable(key: str) -> Iterator[None]:
    """Say the key when the connection is lost while it commits: with it a repeat does no harm."""
    try:
        yield
    except psycopg.OperationalError as error:
        detail = (str(error).strip().splitlines() or ["no reason given"])[0]
        hint = f"To try again safely: --key {key}"
        raise CommandError("database_unreachable", detail, hint, Exit.TRY_AGAIN, key=key) from error


def _from_now(connection: Connection, interval: str) -> Any:
    row = connection.execute("select now() + %s::interval as instant", (interval,)).fetchone()
    return row["instant"] if row else None


def _done_under(connection: Connection, key: str) -> dict[str, Any] | None:
    """Return what was done with this key before."""
    return connection.execute(
        """
        select a.actor, a.action, a.profile_id, a.reason, a.created_at
        from private.audit_log as a
        where a.action_key = %s
        """,
        (KEY_PREFIX + key,),
    ).fetchone()


def _show(report: dict[str, Any], person: str) -> None:
    earlier, before, after = report["done_before"], report["before"], report["after"]
    noun = _COUNTED.get(report["action"], "credits")
    number = report["amount" if noun == "credits" else noun]
    what = f"{number} {noun.removesuffix('s') if number == 1 else noun}"
    done = f"{'would be ' if report['dry_run'] else ''}{_DONE[report['action']]}"
    lines = [f"{what} {done}: {person}"]
    if earlier:
        lines = [
            f"nothing done: {earlier['actor']} used this key at {earlier['created_at']}"
            f" to {earlier['action']} for {earlier['profile_id']}: {earlier['reason']}"
        ]
    lines += [
        f"  {name} {before[name]}" + (f" → {after[name]}" if after[name] != before[name] else "")
        for name in before
    ]
    lines.append(f"key {report['key']}")
    if report["dry_run"]:
        lines.append(DRY_RUN)
    OUT.print("\n".join(lines), markup=False, highlight=False)
