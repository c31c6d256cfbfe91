"""`thumbsmith catalog`: the packs and plans of the database, and their prices at Stripe."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from thumbsmith.catalog.diff import CatalogDiff, read_diffs
from thumbsmith.catalog.push import Pusher
from thumbsmith.console.command import Commands
from thumbsmith.console.context import current
from thumbsmith.console.errors import CommandError, Exit
from thumbsmith.console.output import OUT, print_json, progress
from thumbsmith.operator.arguments import DRY_RUN, Yes
from thumbsmith.stripe.access import Stripe, open_stripe

if TYPE_CHECKING:
    from collections.abc import Callable

app = Commands(
    help="Packs and plans, and their prices at Stripe. STRIPE_SECRET_KEY says which account."
)

Live = Annotated[bool, typer.Option("--live", help="Needed to change anything in live mode.")]

# What is to be done, and what was done.
_WORDS = {
    "create_product": ("create the product", "created the product"),
    "update_product": ("update the product", "updated the product"),
    "create_price": ("create a price", "created the price"),
    "activate_price": ("activate the price", "activated the price"),
    "link_price": ("link the price", "linked the price"),
    "deactivate_price": ("deactivate the price", "deactivated the price"),
}


@app.command()
def diff() -> None:
    """Say what `push` would change; 1 when there is something."""
    with open_stripe() as stripe:
        diffs = _diffs(stripe)
    changes = [change for one in diffs for change in _described(one)]
    if current().as_json:
        print_json({"ok": not changes, "mode": stripe.mode, "changes": changes})
    else:
        _show(changes, "the same here and at Stripe")
    if changes:
        raise typer.Exit(Exit.FINDING)


@app.command()
def push(
    *,
    yes: Yes = False,
    live: Live = False,
) -> None:
    """Make Stripe sell what the database says, and link its prices. A dry run without --yes."""
    with open_stripe() as stripe:
        if yes and stripe.mode == "live" and not live:
            detail = "this changes what real people pay: add --live"
            raise CommandError("live_not_confirmed", detail, code=Exit.USAGE)
        diffs = _diffs(stripe)
        changes = [change for one in diffs for change in _described(one)]
        if yes:
            pusher = Pusher(stripe, tell=_teller())
            changes = [change for one in diffs for change in pusher.run(one)]
    if current().as_json:
        print_json({"ok": True, "mode": stripe.mode, "dry_run": not yes, "changes": changes})
    elif not yes or not changes:
        _show(changes, "nothing to do: Stripe has all that the database says")
        if changes:
            OUT.print(DRY_RUN)


@app.command()
def pull(
    *,
    yes: Yes = False,
) -> None:
    """Link prices that are at Stripe already, and change nothing there. A dry run without --yes.

    1 when something for sale has no price there that can be paid.
    """
    with open_stripe() as stripe:
        diffs = _diffs(stripe)
    found = [one for one in diffs if _is_there(one)]
    absent = [one.item.lookup_key for one in diffs if one.item.is_enabled and one not in found]
    linked = [
        change for one in found for change in _described(one) if change["change"] == "link_price"
    ]
    if yes:
        pusher = Pusher(stripe, tell=_teller())
        linked = [change for one in found for change in pusher.link(one)]
    if current().as_json:
        report = {"ok": not absent, "mode": stripe.mode, "dry_run": not yes}
        print_json(report | {"changes": linked, "missing": absent})
    else:
        if not yes or not linked:
            _show(linked, "nothing to link")
        if absent:
            text = f"no price at Stripe that fits: {', '.join(absent)}"
            OUT.print(f"{text} (see `catalog push`)", markup=False, highlight=False)
        if linked and not yes:
            OUT.print(DRY_RUN)
    if absent:
        raise typer.Exit(Exit.FINDING)


def _diffs(stripe: Stripe) -> list[CatalogDiff]:
    with progress("asking Stripe"):
        found = read_diffs(stripe)
    if not found:
        detail = "there is no pack and no plan in the database"
        raise CommandError("catalog_empty", detail, code=Exit.USAGE)
    return found


def _is_there(one: CatalogDiff) -> bool:
    """Return whether Stripe has the price, and lets people pay it if it is for sale."""
    changes = {change for change, _ in one.changes}
    is_same = (
        one.price_with_lookup_key is not None
        and one.item.price_id == one.price_with_lookup_key["id"]
    )
    is_linkable = "link_price" in changes and "create_price" not in changes
    return (is_linkable or is_same) and not changes & {"create_price", "activate_price"}


def _described(one: CatalogDiff) -> list[dict[str, Any]]:
    item = one.item
    return [
        {"item_kind": item.item_kind, "item_key": item.item_key, "change": change, "id": object_id}
        for change, object_id in one.changes
    ]


def _show(changes: list[dict[str, Any]], otherwise: str) -> None:
    for change in changes:
        _tell(change, is_done=False)
    if not changes:
        OUT.print(otherwise, markup=False, highlight=False)


def _teller() -> Callable[[dict[str, Any]], None]:
    """Tell each change when it is done: what comes after it may fail."""
    return (lambda _: None) if current().as_json else (lambda one: _tell(one, is_done=True))


def _tell(change: dict[str, Any], *, is_done: bool) -> None:
    what = f"{change['item_kind']} {change['item_key']}"
    text = f"{what}: {_WORDS[change['change']][is_done]} {change['id'] or ''}"
    OUT.print(text.rstrip(), markup=False, highlight=False)
