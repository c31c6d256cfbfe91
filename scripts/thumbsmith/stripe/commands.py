"""`thumbsmith stripe`: compare with Stripe, take an event again, look at alarms."""

from __future__ import annotations

import re
from typing import Annotated, Any

import typer
from psycopg.types.json import Jsonb

from thumbsmith.console.columns import print_columns
from thumbsmith.console.command import Commands
from thumbsmith.console.context import current
from thumbsmith.console.errors import CommandError, Exit
from thumbsmith.console.output import OUT, print_json, say
from thumbsmith.operator.arguments import DRY_RUN, Who, Why, Yes, user_name
from thumbsmith.operator.transaction import Connection, call, operator_transaction
from thumbsmith.stripe.access import open_stripe
from thumbsmith.stripe.reconcile import reconcile

app = Commands(help="What came from Stripe. STRIPE_SECRET_KEY says which account.")
app.command("reconcile")(reconcile)

_EVENT_ID = re.compile(r"evt_[A-Za-z0-9_]{1,250}")
_TAKEN = {"stored": "was not known here", "replayed": "was known here"}


@app.command()
def replay(
    event_id: Annotated[str, typer.Argument(metavar="EVENT_ID", help="evt_…, snapshot or thin.")],
    *,
    yes: Yes = False,
) -> None:
    """Take an event of Stripe once more, known or not. A dry run without --yes."""
    if not _EVENT_ID.fullmatch(event_id):
        raise CommandError("event_malformed", "an id of an event is evt_…", code=Exit.USAGE)
    with open_stripe() as stripe:
        # An id does not tell of which kind its event is.
        found = stripe.find("v1.events.retrieve", event_id)
        found = found or stripe.find("v2.core.events.retrieve", event_id)
    if found is None:
        detail = f"Stripe has no event {event_id}; it keeps them for 30 days"
        raise CommandError("event_not_found", detail)
    from functions_py.payloads import event_essentials  # httpx takes its time to load

    event = event_essentials(found)
    with operator_transaction(commit=yes) as connection:
        row = connection.execute(
            "select private.replay_stripe_event(%s) as result", (Jsonb(event),)
        ).fetchone()
        result = row["result"] if row else None
        subject = event.get("related_object") or event["data"]["object"]
        is_fetched = _is_waiting(connection, subject["id"])
    if result not in _TAKEN:
        raise CommandError(f"event_{result}", f"{event_id} is not taken")
    report = {
        "ok": True,
        "mode": stripe.mode,
        "event_id": event_id,
        "type": event["type"],
        "object_id": subject["id"],
        "result": result,
        "is_fetched": is_fetched,
        "dry_run": not yes,
        "done": yes,
    }
    if current().as_json:
        print_json(report)
    else:
        _show_replayed(report)


def _is_waiting(connection: Connection, object_id: Any) -> bool:
    """Return whether the object is to be fetched: not every event is about something of ours."""
    row = connection.execute(
        "select exists (select from private.jobs as o where o.stripe_object_id = %s) as found",
        (object_id,),
    ).fetchone()
    return bool(row and row["found"])


def _show_replayed(report: dict[str, Any]) -> None:
    follows = "nothing follows from it here"
    if report["is_fetched"]:
        will = "will be" if report["done"] else "would be"
        follows = f"{report['object_id']} {will} fetched and applied by the worker"
    lines = [
        f"{report['event_id']} ({report['type']}) {_TAKEN[report['result']]}",
        follows,
        *([] if report["done"] else [DRY_RUN]),
    ]
    OUT.print("\n".join(lines), markup=False, highlight=False)


@app.command()
def alarms() -> None:
    """List what no rule covers and nobody has resolved yet, oldest first. Needs no key."""
    with operator_transaction() as connection:
        rows = connection.execute(
            """
            select
                a.id, a.object_id, a.slug, a.detail, a.first_seen_at, a.last_seen_at, a.times
            from private.stripe_alarms as a
            where a.resolved_at is null
            order by a.id
            """
        ).fetchall()
    if current().as_json:
        print_json({"ok": True, "alarms": rows})
        return
    if not rows:
        OUT.print("no open alarm")
        return
    columns = ["id", "object", "slug", "first seen", "last seen", "times", "detail"]
    names = ("id", "object_id", "slug", "first_seen_at", "last_seen_at", "times", "detail")
    print_columns("Open alarms", columns, [[row[name] for name in names] for row in rows])


@app.command()
def resolve(
    alarm_id: Annotated[int, typer.Argument(metavar="ID", help="See `stripe alarms`.")],
    *,
    why: Why,
    who: Who = None,
    yes: Yes = False,
) -> None:
    """Say that an alarm is dealt with, permanently: its object is left alone then.

    A dry run without --yes.
    """
    arguments = {
        "id": alarm_id,
        "who": user_name(who),
        "why": why,
    }
    with operator_transaction(commit=yes) as connection:
        is_new = call(connection, "resolve_stripe_alarm", arguments)
    if current().as_json:
        print_json({"ok": True, "id": alarm_id, "dry_run": not yes, "done": is_new and yes})
        return
    verb = ("is" if yes else "would be") if is_new else "was"
    say(f"the alarm {alarm_id} {verb} resolved", *([] if yes else [DRY_RUN]))
