"""`thumbsmith stripe reconcile`: all that Stripe has, compared with our rows.

What differs and what can be done about it is decided in SQL; here only pages are turned.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any

import typer
from psycopg.types.json import Jsonb

from thumbsmith.console.columns import print_columns
from thumbsmith.console.context import current
from thumbsmith.console.errors import CommandError, Exit
from thumbsmith.console.output import OUT, print_json, progress
from thumbsmith.console.values import time
from thumbsmith.operator.arguments import DRY_RUN, Yes
from thumbsmith.operator.transaction import Connection, operator_transaction
from thumbsmith.stripe.access import open_stripe

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from thumbsmith.stripe.access import Stripe

_LIST = re.compile(r"[a-z_]+(\.[a-z_]+)*\.list")


def reconcile(
    *,
    since: Annotated[
        str | None,
        typer.Option(help="From when on; UTC without a zone.", show_default="3 days ago"),
    ] = None,
    yes: Yes = False,
) -> None:
    """Compare Stripe with the database, and have the worker repair. A dry run without --yes.

    1 when something differs that only a person can decide.
    """
    with open_stripe() as stripe:
        with operator_transaction() as connection:
            begins, calls = _lists(connection, since)
        seen = dict.fromkeys((call for call, _ in calls), 0)
        found: list[dict[str, Any]] = []
        with progress("asking Stripe") as show:
            for call, objects in _pages(stripe, calls, show):
                seen[call] += len(objects)
                with operator_transaction(commit=yes) as connection:
                    found += compared(connection, objects, is_repair=yes)
    for_people = [row for row in found if not row["is_repairable"]]
    if current().as_json:
        report = {"ok": not for_people, "mode": stripe.mode, "dry_run": not yes, "since": begins}
        print_json(report | {"seen": seen, "differences": found})
    else:
        _show(found, sum(seen.values()), begins, yes=yes)
    if for_people:
        raise typer.Exit(Exit.FINDING)


def _lists(
    connection: Connection, since: str | None
) -> tuple[Any, list[tuple[str, dict[str, Any]]]]:
    begins = connection.execute(
        "select coalesce(%s::timestamptz, now() - interval '3 days') as since", (since,)
    ).fetchone()
    begins = begins and begins["since"]
    rows = connection.execute(
        "select c.call, c.params from private.reconcile_calls(%s) as c order by c.call_position",
        (begins,),
    ).fetchall()
    return begins, [(row["call"], row["params"]) for row in rows]


def _pages(
    stripe: Stripe, calls: list[tuple[str, dict[str, Any]]], show: Callable[[str], None]
) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Yield all lists, page by page."""
    for call, params in calls:
        from functions_py.payloads import cleaned  # httpx takes its time to load

        if not _LIST.fullmatch(call):  # nothing else may be called from here
            raise CommandError("internal_error", f"{call} is no list")
        show(f"reading {call}")
        wanted = dict(params)
        has_more = True
        while has_more:
            page = cleaned(stripe.call(f"v1.{call}", wanted))
            if page["data"]:
                yield call, page["data"]
                wanted["starting_after"] = page["data"][-1]["id"]
            has_more = page["has_more"] and bool(page["data"])


def compared(
    connection: Connection, objects: list[dict[str, Any]], *, is_repair: bool
) -> list[dict[str, Any]]:
    """Have SQL say what differs, and with `is_repair` have the worker fetch it."""
    function = "repair_stripe_objects" if is_repair else "compare_stripe_objects"
    return connection.execute(
        f"select * from private.{function}(%s)",  # noqa: S608
        (Jsonb(objects),),
    ).fetchall()


def _show(found: list[dict[str, Any]], seen: int, begins: Any, *, yes: bool) -> None:
    if found:
        cells = [
            (
                row["object_type"],
                row["object_id"],
                row["difference"],
                "the worker" if row["is_repairable"] else "a person",
            )
            for row in found
        ]
        print_columns("Differs", ["object", "id", "what", "mended by"], cells)
    repairable = sum(row["is_repairable"] for row in found)
    lines = [f"{seen} objects since {time(begins)}, {len(found)} of them differ"]
    if repairable:
        lines.append(f"{repairable} {'are' if yes else 'would be'} left to the worker to repair")
    if repairable < len(found):
        number = len(found) - repairable
        lines.append(f"for a person to look at: {number} (see `thumbsmith stripe alarms`)")
    if repairable and not yes:
        lines.append(DRY_RUN)
    OUT.print("\n".join(lines), markup=False, highlight=False)
