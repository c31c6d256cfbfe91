"""`thumbsmith credits history`: what a person has, where it came from, and who touched it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from thumbsmith.console.columns import print_columns
from thumbsmith.console.context import current
from thumbsmith.console.output import OUT, print_json
from thumbsmith.operator.people import Person, balance, find_person
from thumbsmith.operator.transaction import KEY_PREFIX, operator_transaction

if TYPE_CHECKING:
    from psycopg.rows import DictRow

_LOTS = """
    select
        l.id, l.source, l.grant_key, l.amount, l.remaining, l.priority, l.expires_at, l.frozen_at,
        l.owed, l.created_at
    from public.credit_lots as l
    where l.profile_id = %s
        and (l.exhausted_at is null or l.owed > 0)
    order by l.priority, l.expires_at, l.id
"""
_ENTRIES = """
    select
        h.entry_number, h.created_at, h.kind, h.amount, h.debt, h.balance_after, h.lot_id,
        h.source, l.grant_key, h.generation_id, h.reason, a.actor as done_by, a.reason as why
    from public.credit_history as h
    inner join public.credit_lots as l on l.id = h.lot_id
    left join private.audit_log as a
        on a.action_key = case h.kind when 'grant' then l.grant_key else h.reason end
    where h.profile_id = %s
    order by h.entry_number desc
    limit %s
"""
_AUDIT = """
    select a.id, a.created_at, a.actor, a.action, a.reason, a.details, a.action_key
    from private.audit_log as a
    where a.profile_id = %s
    order by a.id desc
    limit %s
"""


def history(
    person: Annotated[
        str, typer.Argument(metavar="PERSON", help="Profile id, or e-mail address of the account.")
    ],
    *,
    limit: Annotated[int, typer.Option(min=1, help="How many entries and acts.")] = 20,
) -> None:
    """Show balance, open lots, entries and the operator's acts, newest first."""
    with operator_transaction() as connection:
        # One snapshot: the balance is that of the entries.
        connection.execute("set transaction isolation level repeatable read, read only")
        found = find_person(connection, person)
        report = {
            "ok": True,
            "person": {"id": found.id, "email": found.email},
            "balance": balance(connection, found),
            "lots": connection.execute(_LOTS, (found.id,)).fetchall(),
            "entries": connection.execute(_ENTRIES, (found.id, limit)).fetchall(),
            "audit": connection.execute(_AUDIT, (found.id, limit)).fetchall(),
        }
    if current().as_json:
        print_json(report)
    else:
        _show(report, found)


def _show(report: dict[str, Any], person: Person) -> None:
    numbers = ", ".join(f"{name} {value}" for name, value in report["balance"].items())
    OUT.print(f"{person} ({person.id}): {numbers}", markup=False, highlight=False)
    lots = [
        (
            row["id"],
            row["source"],
            f"{row['remaining']} of {row['amount']}",
            row["priority"],
            row["expires_at"] or "never",
            row["frozen_at"],
            row["owed"] or "",
            row["grant_key"],
        )
        for row in report["lots"]
    ]
    columns = ["lot", "source", "left", "priority", "expires", "frozen", "owed", "key"]
    print_columns("Open lots, as they burn", columns, lots)
    entries = [
        (
            row["entry_number"],
            row["created_at"],
            row["kind"],
            f"{row['amount']:+d}",
            row["balance_after"],
            row["lot_id"],
            _what_for(row),
        )
        for row in report["entries"]
    ]
    columns = ["entry", "when", "kind", "credits", "balance", "lot", "what for"]
    print_columns("Entries, newest first", columns, entries)
    acts = [
        (
            row["created_at"],
            row["actor"],
            row["action"],
            row["reason"],
            row["action_key"].removeprefix(KEY_PREFIX),
        )
        for row in report["audit"]
    ]
    print_columns("Acts, newest first", ["when", "who", "action", "why", "key"], acts)


def _what_for(entry: DictRow) -> str:
    if entry["done_by"]:
        cause = f"{entry['why']} ({entry['done_by']})"
    elif entry["generation_id"]:
        cause = f"picture {entry['generation_id']}"
    elif entry["kind"] == "grant":
        cause = entry["grant_key"]
    else:
        cause = entry["reason"] or entry["source"]
    return f"{cause}, debt {entry['debt']:+d}" if entry["debt"] else str(cause)
