"""`thumbsmith codes`: promotional codes. The code itself is shown once and kept nowhere."""

from __future__ import annotations

import uuid
from typing import Annotated, Any

import typer

from thumbsmith.console.columns import print_columns
from thumbsmith.console.command import Commands
from thumbsmith.console.context import current
from thumbsmith.console.errors import CommandError
from thumbsmith.console.output import OUT, print_json, say
from thumbsmith.operator.arguments import DRY_RUN, Who, Why, Yes, user_name
from thumbsmith.operator.transaction import Connection, call, operator_transaction

app = Commands(help="Promotional codes.")

_CODES = """
    select
        c.id, c.code_hint as hint, c.credits, c.redemptions, c.max_redemptions, c.max_per_person,
        c.starts_at, c.ends_at, c.credits_last::text as credits_last, c.disabled_at, c.created_at
    from private.promo_codes as c
"""


@app.command()
def create(
    code: Annotated[str | None, typer.Argument(show_default="a random one")] = None,
    *,
    credit_count: Annotated[int, typer.Option("--credits", help="Credits of one redemption.")],
    why: Why,
    who: Who = None,
    max_redemptions: Annotated[
        int | None, typer.Option(help="How often in all.", show_default="no limit")
    ] = None,
    per_person: Annotated[
        int | None, typer.Option(help="How often by one person.", show_default="once")
    ] = None,
    starts_at: Annotated[
        str | None, typer.Option(help="From when; UTC without a zone.", show_default="now")
    ] = None,
    ends_at: Annotated[
        str | None, typer.Option(help="Until when; UTC without a zone.", show_default="no end")
    ] = None,
    yes: Yes = False,
    credits_last: Annotated[
        str | None,
        typer.Option(help="Life of the credits, such as '30 days'.", show_default="for ever"),
    ] = None,
) -> None:
    """Make a code and print it: it cannot be shown again. A dry run without --yes."""
    more = {
        "max_redemptions": max_redemptions,
        "max_per_person": per_person,
        "starts_at": starts_at,
        "ends_at": ends_at,
        "credits_last": credits_last,
    }
    arguments: dict[str, Any] = {
        "code": code,
        "credits": credit_count,
        "who": user_name(who),
        "why": why,
        # What is left out takes the default of the function.
        **{name: value for name, value in more.items() if value is not None},
    }
    with operator_transaction(commit=yes) as connection:
        made = call(connection, "create_promo_code", arguments)
        code_id = _id_of_the_last(connection)
    report = {"ok": True, "id": code_id, "code": made, "credits": credit_count}
    if not yes:
        # The code of a dry run is nobody's: a random one would be another the next time.
        report |= {"id": None, "code": code}
    if current().as_json:
        print_json(report | {"dry_run": not yes, "done": yes})
    elif yes:
        typer.echo(made)
    else:
        say(f"a code of {credit_count} credits would be made", DRY_RUN)


def _id_of_the_last(connection: Connection) -> Any:
    """Return the id of the code that this transaction made."""
    row = connection.execute(
        """
        select a.details ->> 'promo_code_id' as id
        from private.audit_log as a
        where a.id = currval(pg_get_serial_sequence('private.audit_log', 'id'))
        """
    ).fetchone()
    return row["id"] if row else None


@app.command("list")
def list_codes() -> None:
    """List the codes, newest first, each by its last characters."""
    with operator_transaction() as connection:
        rows = connection.execute(f"{_CODES} order by c.created_at desc, c.id").fetchall()
    if current().as_json:
        print_json({"ok": True, "codes": rows})
        return
    cells = [
        (
            row["id"],
            f"…{row['hint']}",
            row["credits"],
            row["credits_last"] or "for ever",
            f"{row['redemptions']} of {row['max_redemptions'] or 'any number'}",
            row["max_per_person"],
            row["starts_at"],
            row["ends_at"] or "no end",
            row["disabled_at"],
        )
        for row in rows
    ]
    columns = ["id", "code", "credits", "last", "redeemed", "per person", "from", "until"]
    print_columns("Promotional codes", [*columns, "disabled"], cells)


@app.command()
def disable(
    promo_code_id: Annotated[uuid.UUID, typer.Argument(metavar="ID", help="See `codes list`.")],
    *,
    why: Why,
    who: Who = None,
    yes: Yes = False,
) -> None:
    """Disable a code permanently. A dry run without --yes."""
    arguments = {
        "promo_code_id": promo_code_id,
        "who": user_name(who),
        "why": why,
    }
    with operator_transaction(commit=yes) as connection:
        found = connection.execute(f"{_CODES} where c.id = %s", (promo_code_id,)).fetchone()
        if found is None:
            detail = f"There is no code with the id {promo_code_id}."
            raise CommandError("code_not_found", detail, "See `thumbsmith codes list`.")
        is_changed = call(connection, "disable_promo_code", arguments)
    if current().as_json:
        print_json(
            {
                "ok": True,
                "id": promo_code_id,
                "dry_run": not yes,
                "done": is_changed and yes,
                "redemptions": found["redemptions"],
            }
        )
        return
    done = f"{'disabled' if yes else 'would be disabled'} after {found['redemptions']} redemptions"
    OUT.print(
        f"the code …{found['hint']}: {done if is_changed else 'was disabled before'}",
        *([] if yes else [f"\n{DRY_RUN}"]),
        sep="",
        markup=False,
        highlight=False,
    )
