"""`thumbsmith credits`: the operator gives, takes back, freezes and releases credits."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from thumbsmith.console.command import Commands
from thumbsmith.console.errors import CommandError, Exit
from thumbsmith.credits.changes import CreditChange, run
from thumbsmith.credits.history import history
from thumbsmith.operator.arguments import Who, Why, Yes

app = Commands(
    help="A person's credits: give, take back, freeze, release, look. Each change is a dry run"
    " that shows the balance it would leave, unless --yes is given."
)
app.command("history")(history)

PersonName = Annotated[
    str, typer.Argument(metavar="PERSON", help="Profile id, or e-mail address of the account.")
]
Amount = Annotated[int, typer.Argument(metavar="AMOUNT", help="Credits.")]
Lot = Annotated[
    int | None, typer.Option("--lot", help="One lot by its id.", show_default="every open lot")
]
Key = Annotated[
    str | None,
    typer.Option(help="The same key never acts twice.", show_default="a new one, printed"),
]


@app.command()
def grant(
    person: PersonName,
    amount: Amount,
    *,
    why: Why,
    who: Who = None,
    key: Key = None,
    expires_in: Annotated[str | None, typer.Option(help="How long, such as '30 days'.")] = None,
    expires_at: Annotated[str | None, typer.Option(help="Until when; UTC without a zone.")] = None,
    priority: Annotated[
        int | None, typer.Option(help="Lower burns first.", show_default="as usual")
    ] = None,
    yes: Yes = False,
) -> None:
    """Give credits. A dry run without --yes."""
    if expires_in is not None and expires_at is not None:
        detail = "give --expires-in or --expires-at, not both"
        raise CommandError("usage", detail, code=Exit.USAGE)
    more: dict[str, Any] = {"expires_at": expires_at, "priority": priority}
    run(
        CreditChange("grant", person, who, why, key, yes),
        {"amount": amount} | {name: v for name, v in more.items() if v is not None},
        expires_in=expires_in,
    )


@app.command()
def revoke(
    person: PersonName,
    amount: Amount,
    *,
    why: Why,
    who: Who = None,
    key: Key = None,
    yes: Yes = False,
) -> None:
    """Take credits back, in burn order; refused when fewer are there. A dry run without --yes."""
    change = CreditChange("revoke", person, who, why, key, yes)
    run(change, {"amount": amount})


@app.command()
def freeze(
    person: PersonName,
    *,
    lot: Lot = None,
    why: Why,
    who: Who = None,
    key: Key = None,
    yes: Yes = False,
) -> None:
    """Keep credits from being spent or expiring. A dry run without --yes."""
    change = CreditChange("freeze", person, who, why, key, yes)
    run(change, {"lot_id": lot})


@app.command()
def release(
    person: PersonName,
    *,
    lot: Lot = None,
    why: Why,
    who: Who = None,
    key: Key = None,
    yes: Yes = False,
) -> None:
    """Undo freezes of the operator, not those of a dispute. A dry run without --yes."""
    change = CreditChange("release", person, who, why, key, yes)
    run(change, {"lot_id": lot})
