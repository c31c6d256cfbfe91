"""Pages beside Checkout and the portal: invoices, receipts, and the buttons of a demo."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from stand_ins.stripe import forms, markup
from stand_ins.stripe.actions import act
from stand_ins.stripe.billing import ending, scheduled
from stand_ins.stripe.billing.lines import product_name
from stand_ins.stripe.billing.periods import add_period
from stand_ins.stripe.pages import friendly

if TYPE_CHECKING:
    from starlette.requests import Request

    from stand_ins.stripe.store import Object
    from stand_ins.stripe.world import World

_SHOWN = 10
_ACTIONS = ("cancel", "dispute", "dispute_outcome", "recover", "refund", "renew")
_MONTH = {"interval": "month", "interval_count": 1}


class DemoPages:
    """What the account's owner, their customers' banks and time can do."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def home(self, _request: Request) -> Response:
        """GET /: the clock, the latest payments, subscriptions and disputes."""
        world = self._world
        parts = [
            markup.paragraph(f"It is {_date(world.clock.now())} here."),
            markup.button("/demo/month", "Let a month pass"),
        ]
        for kind, part in (
            ("charge", self._charge),
            ("subscription", self._subscription),
            ("dispute", self._dispute),
        ):
            for one in world.store.all(kind)[: -_SHOWN - 1 : -1]:
                parts += part(one)
        return HTMLResponse(markup.page("Stripe, locally", *parts))

    def _charge(self, charge: Object) -> list[str]:
        amount = markup.money(charge["amount"], charge["currency"])
        left = charge["amount"] - charge["amount_refunded"]
        state = "disputed" if charge["disputed"] else charge["status"]
        state = "refunded" if charge["refunded"] else state
        parts = [markup.paragraph(f"Payment of {amount}: {state}")]
        if charge["status"] == "succeeded" and left and not charge["disputed"]:
            fields = {"charge": charge["id"]}
            parts += [
                markup.button("/demo/refund", "Refund", fields),
                markup.button("/demo/dispute", "Dispute at the bank", fields),
            ]
        return parts

    def _subscription(self, subscription: Object) -> list[str]:
        item = subscription["items"]["data"][0]
        name = product_name(self._world, item["price"])
        until = _date(item["current_period_end"])
        parts = [markup.paragraph(f"{name}: {subscription['status']}, paid until {until}")]
        if subscription["status"] in ending.OVER:
            return parts
        fields = {"subscription": subscription["id"]}
        if subscription["status"] == "past_due":
            return [*parts, markup.button("/demo/recover", "Replace the card and pay", fields)]
        failing = fields | {"outcome": "declined"}
        return [
            *parts,
            markup.button("/demo/renew", "Renew", fields | {"outcome": "succeeded"}),
            markup.button("/demo/renew", "Fail to renew", failing),
            markup.button("/demo/cancel", "Cancel now", fields),
        ]

    def _dispute(self, dispute: Object) -> list[str]:
        amount = markup.money(dispute["amount"], dispute["currency"])
        parts = [markup.paragraph(f"Dispute over {amount}: {dispute['status']}")]
        if dispute["status"] in {"needs_response", "under_review"}:
            for outcome in ("won", "lost"):
                fields = {"dispute": dispute["id"], "outcome": outcome}
                parts.append(markup.button("/demo/dispute_outcome", outcome.capitalize(), fields))
        return parts

    async def do(self, request: Request) -> Response:
        """POST /demo/{action}: one of the buttons."""
        action, world = request.path_params["action"], self._world
        wanted = forms.decode((await request.body()).decode())
        if action == "month":
            now = world.clock.now()
            scheduled.advance(world, add_period(now, _MONTH, now))
        elif action in _ACTIONS:
            act(world, action, wanted | ({"alone": True} if action == "renew" else {}))
        else:
            return HTMLResponse(markup.page("Not found"), 404)
        return RedirectResponse("/", 303)

    async def invoice(self, request: Request) -> Response:
        """GET /invoice/{invoice}: what a customer with a debt is sent to."""
        return HTMLResponse(self._invoice_page(self._invoice(request)))

    def _invoice(self, request: Request) -> Object:
        return self._world.store.get("invoice", request.path_params["invoice"])

    def _invoice_page(self, invoice: Object) -> str:
        rows = [
            (str(line["description"]), markup.money(line["amount"], line["currency"]))
            for line in self._world.store.hidden(invoice["id"])["lines"]
        ]
        due = markup.money(invoice["amount_due"], invoice["currency"])
        parts = [markup.table(rows), markup.paragraph(f"{due}: {invoice['status']}")]
        if invoice["status"] == "open":
            base = f"/invoice/{invoice['id']}"
            parts.append(markup.button(base, f"Pay {due}", {"how": "card"}))
            parts.append(markup.button(base, "Pay with a bad card", {"how": "declined"}))
        return markup.page(f"Invoice {invoice['number']}", *parts)

    async def pay_invoice(self, request: Request) -> Response:
        """POST /invoice/{invoice}: the button."""
        invoice = self._invoice(request)
        how = forms.decode((await request.body()).decode()).get("how", "card")
        act(self._world, "pay_invoice", {"invoice": invoice["id"], "how": how})
        status = 200 if invoice["status"] == "paid" else 402
        return HTMLResponse(self._invoice_page(invoice), status)

    async def receipt(self, request: Request) -> Response:
        """GET /receipt/{charge}."""
        charge = self._world.store.get("charge", request.path_params["charge"])
        amount = markup.money(charge["amount"], charge["currency"])
        text = f"{amount} on {_date(charge['created'])}: {charge['status']}"
        return HTMLResponse(markup.page("Receipt", markup.paragraph(text)))

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            Route("/", friendly(self.home)),
            Route("/demo/{action}", friendly(self.do), methods=["POST"]),
            Route("/invoice/{invoice}", friendly(self.invoice)),
            Route("/invoice/{invoice}", friendly(self.pay_invoice), methods=["POST"]),
            Route("/receipt/{charge}", friendly(self.receipt)),
        ]


def _date(moment: int) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d")
