"""`thumbsmith catalog`: the packs and plans of the database, and their prices at Stripe."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from thumbsmith.catalog.diff import Plan, read_plans
from thumbsmith.catalog.push import Pusher
from thumbsmith.console.output import OUT, Exit, Json, print_json, progress, stop
from thumbsmith.db.commands import DataDir, DbUrl
from thumbsmith.operator.acting import Yes
from thumbsmith.stripe.access import Stripe, open_stripe

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

app = typer.Typer(
    help="Packs and plans, and their prices at Stripe. STRIPE_SECRET_KEY says which account.",
    no_args_is_help=True,
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
_DRY = "a dry run, nothing was changed: --yes does it"


@app.command()
def diff(*, db_url: DbUrl = None, data_dir: DataDir = None, as_json: Json = False) -> None:
    """Say what `push` would change; 1 when there is something."""
    with open_stripe(db_url, data_dir, as_json=as_json) as stripe:
        plans = _plans(stripe, db_url, data_dir)
    changes = [change for plan in plans for change in _described(plan)]
    if as_json:
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
    db_url: DbUrl = None,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Make Stripe sell what the database says, and link its prices. A dry run without --yes."""
    with open_stripe(db_url, data_dir, as_json=as_json) as stripe:
        if yes and stripe.mode == "live" and not live:
            detail = "this changes what real people pay: add --live"
            stop("live_not_confirmed", detail, Exit.USAGE, as_json=as_json)
        plans = _plans(stripe, db_url, data_dir)
        changes = [change for plan in plans for change in _described(plan)]
        if yes:
            pusher = Pusher(stripe, db_url, data_dir, tell=_teller(stripe))
            changes = [change for plan in plans for change in pusher.carry_out(plan)]
    if as_json:
        print_json({"ok": True, "mode": stripe.mode, "dry_run": not yes, "changes": changes})
    elif not yes or not changes:
        _show(changes, "nothing to do: Stripe has all that the database says")
        if changes:
            OUT.print(_DRY)


@app.command()
def pull(
    *,
    yes: Yes = False,
    db_url: DbUrl = None,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Link prices that are at Stripe already, and change nothing there. A dry run without --yes.

    1 when something for sale has no price there that can be paid.
    """
    with open_stripe(db_url, data_dir, as_json=as_json) as stripe:
        plans = _plans(stripe, db_url, data_dir)
    found = [plan for plan in plans if _is_there(plan)]
    absent = [plan.item.lookup_key for plan in plans if plan.item.is_enabled and plan not in found]
    linked = [one for plan in found for one in _described(plan) if one["change"] == "link_price"]
    if yes:
        pusher = Pusher(stripe, db_url, data_dir, tell=_teller(stripe))
        linked = [change for plan in found for change in pusher.link(plan)]
    if as_json:
        report = {"ok": not absent, "mode": stripe.mode, "dry_run": not yes}
        print_json(report | {"changes": linked, "missing": absent})
    else:
        if not yes or not linked:
            _show(linked, "nothing to link")
        if absent:
            text = f"no price at Stripe that fits: {', '.join(absent)}"
            OUT.print(f"{text} (see `catalog push`)", markup=False, highlight=False)
        if linked and not yes:
            OUT.print(_DRY)
    if absent:
        raise typer.Exit(Exit.FINDING)


def _plans(stripe: Stripe, db_url: str | None, data_dir: Path | None) -> list[Plan]:
    with progress("asking Stripe", quiet=stripe.as_json):
        return read_plans(stripe, db_url, data_dir)


def _is_there(plan: Plan) -> bool:
    """Whether Stripe has the price, and lets people pay it if it is for sale."""
    changes = {change for change, _ in plan.changes}
    is_same = plan.holder is not None and plan.item.price_id == plan.holder["id"]
    is_linkable = "link_price" in changes and "create_price" not in changes
    return (is_linkable or is_same) and not changes & {"create_price", "activate_price"}


def _described(plan: Plan) -> list[dict[str, Any]]:
    item = plan.item
    return [
        {"item_kind": item.item_kind, "item_key": item.item_key, "change": change, "id": object_id}
        for change, object_id in plan.changes
    ]


def _show(changes: list[dict[str, Any]], otherwise: str) -> None:
    for change in changes:
        _tell(change, is_done=False)
    if not changes:
        OUT.print(otherwise, markup=False, highlight=False)


def _teller(stripe: Stripe) -> Callable[[dict[str, Any]], None]:
    """Tell each change when it is done: what comes after it may fail."""
    return (lambda _: None) if stripe.as_json else (lambda one: _tell(one, is_done=True))


def _tell(change: dict[str, Any], *, is_done: bool) -> None:
    what = f"{change['item_kind']} {change['item_key']}"
    text = f"{what}: {_WORDS[change['change']][is_done]} {change['id'] or ''}"
    OUT.print(text.rstrip(), markup=False, highlight=False)
