"""What a person sees when the stack is up: where things are, and what is not here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table

from thumbsmith.console.output import ERR
from thumbsmith.project.addresses import is_loopback

if TYPE_CHECKING:
    from collections.abc import Mapping

_ABSENT = "Realtime over WebSocket, Studio, Edge Functions, phone sign-in"


def lines(env: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return what there is with its address."""
    api, stripe = env["API_URL"], env.get("STRIPE_API_BASE", "")
    found = [
        ("API", api),
        ("database", env["DB_URL"]),
        ("mailbox", f"{api}/mailbox (with the secret key as apikey)"),
    ]
    if is_loopback(stripe):
        found.append(("Stripe's demo pages", f"{stripe}/"))
    elif stripe:
        found.append(("Stripe", f"{stripe}, test mode"))
    if "SIDECAR_URL" in env:
        found.append(("sidecar", env["SIDECAR_URL"]))
    return [*found, ("not here", _ABSENT)]


def show(env: Mapping[str, str]) -> None:
    """Print the table for people; what programs read is on stdout."""
    table = Table(show_header=False, box=None, pad_edge=False)
    for name, where in lines(env):
        table.add_row(name, where)
    ERR.print(table)
