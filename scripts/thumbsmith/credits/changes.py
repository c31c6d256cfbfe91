"""One change of a person's credits by the operator: done or tried, then told."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from thumbsmith.console.output import OUT, Exit, fail, print_json
from thumbsmith.operator import acting

if TYPE_CHECKING:
    from pathlib import Path

_DONE = {"grant": "granted", "revoke": "revoked", "freeze": "frozen", "release": "released"}
# What the functions count that take no amount: several freezes may hold one lot.
_COUNTED = {"freeze": "lots", "release": "freezes"}


@dataclass(frozen=True)
class Order:
    """One change: for whom, by whom, why, and under which key."""

    action: str
    person: str
    who: str | None
    why: str
    key: str | None
    db_url: str | None
    data_dir: Path | None
    yes: bool
    as_json: bool


def carry_out(order: Order, arguments: dict[str, Any], expires_in: str | None = None) -> None:
    """Call the function of the action, and print what it did or would do."""
    who = acting.user_name(order.who, as_json=order.as_json)
    key = order.key if order.key is not None else str(uuid.uuid4())
    if not key.strip():
        fail("--key is empty", Exit.USAGE, as_json=order.as_json)
    with acting.operating(
        order.db_url, order.data_dir, yes=order.yes, key=key, as_json=order.as_json
    ) as connection:
        person = acting.find_person(connection, order.person, as_json=order.as_json)
        # Whoever holds this lock alone changes the balance: before and after are of this change.
        connection.execute(
            "select from public.profiles as p where p.id = %s for no key update", (person.id,)
        )
        if expires_in is not None:
            arguments["expires_at"] = _from_now(connection, expires_in)
        before = acting.balance(connection, person)
        earlier = _done_under(connection, key)
        result = acting.call(
            connection,
            f"operator_{order.action}",
            {"profile_id": person.id, **arguments, "who": who, "why": order.why, "action_key": key},
        )
        after = acting.balance(connection, person)
    report = {
        "ok": True,
        "action": order.action,
        "person": {"id": person.id, "email": person.email},
        **arguments,
        **({_COUNTED[order.action]: result} if order.action in _COUNTED else {}),
        "key": key,
        "dry_run": not order.yes,
        "done": bool(result) and order.yes,
        "done_before": earlier,
        "before": before,
        "after": after,
    }
    if order.as_json:
        print_json(report)
    else:
        _show(report, str(person))


def _from_now(connection: acting.Connection, interval: str) -> Any:
    row = connection.execute("select now() + %s::interval as instant", (interval,)).fetchone()
    return row["instant"] if row else None


def _done_under(connection: acting.Connection, key: str) -> dict[str, Any] | None:
    """Give what was done with this key before."""
    return connection.execute(
        """
        select a.actor, a.action, a.profile_id, a.reason, a.created_at
        from private.audit_log as a
        where a.action_key = %s
        """,
        (acting.KEY_PREFIX + key,),
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
        lines.append("a dry run, nothing was changed: --yes does it")
    OUT.print("\n".join(lines), markup=False, highlight=False)
