"""The pages that Stripe hosts: Checkout and the customer portal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from stand_ins.stripe import forms, markup
from stand_ins.stripe.actions import act
from stand_ins.stripe.billing import ending
from stand_ins.stripe.billing.lines import product_name
from stand_ins.stripe.errors import StripeError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request

    from stand_ins.stripe.store import Object
    from stand_ins.stripe.world import World

    Page = Callable[[Request], Awaitable[Response]]

_PORTAL = "billing_portal.session"
_PORTAL_ACTIONS = ("cancel", "change_plan", "keep")


class Pages:
    """Pages for the browser of a demo."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def checkout(self, request: Request) -> Response:
        """GET /pay/{session}."""
        return HTMLResponse(self._checkout_page(self._session(request)))

    def _session(self, request: Request) -> Object:
        return self._world.store.get("checkout.session", request.path_params["session"])

    def _checkout_page(self, session: Object, note: str | None = None) -> str:
        if session["status"] != "open":
            text = f"This Checkout session is {session['status']}."
            return markup.page("Checkout", markup.paragraph(text))
        ids = self._world.store.hidden(session["id"])["items"]
        items = [self._world.store.get("item", one) for one in ids]
        rows = [_bought(item) for item in items]
        total = markup.money(session["amount_total"], session["currency"])
        base = f"/pay/{session['id']}"
        parts = [markup.table(rows), markup.paragraph(f"Total: {total}")]
        if note:
            parts.append(markup.paragraph(note))
        parts += [
            markup.button(base, f"Pay {total}", {"how": "card"}),
            markup.button(base, "Pay with a bad card", {"how": "declined"}),
            markup.button(f"{base}/cancel", "Cancel"),
        ]
        return markup.page("Checkout", *parts)

    async def pay(self, request: Request) -> Response:
        """POST /pay/{session}: the button."""
        session = self._session(request)
        fields = forms.decode((await request.body()).decode())
        how = "declined" if fields.get("how") == "declined" else "card"
        if session["status"] == "open":
            act(self._world, "pay", {"session": session["id"], "how": how})
        if session["status"] != "complete":
            return HTMLResponse(self._checkout_page(session, "Your card was declined."), 402)
        address = session["success_url"].replace("{CHECKOUT_SESSION_ID}", session["id"])
        return RedirectResponse(address, 303)

    async def leave(self, request: Request) -> Response:
        """POST /pay/{session}/cancel: the session stays open, as at Stripe."""
        session = self._session(request)
        address = session["cancel_url"]
        if address is None:
            return HTMLResponse(self._checkout_page(session, "There is no page to go back to."))
        return RedirectResponse(address, 303)

    async def portal(self, request: Request) -> Response:
        """GET /portal/{session}."""
        return HTMLResponse(self._portal_page(self._portal(request)))

    def _portal(self, request: Request) -> Object:
        return self._world.store.get(_PORTAL, request.path_params["session"])

    def _portal_page(self, portal: Object) -> str:
        parts: list[str] = []
        for subscription in self._subscriptions(portal):
            parts += self._subscription_part(portal, subscription)
        if not parts:
            parts.append(markup.paragraph("No subscription."))
        if portal["return_url"]:
            parts.append(markup.link(portal["return_url"], "Back"))
        return markup.page("Your subscriptions", *parts)

    def _subscriptions(self, portal: Object) -> list[Object]:
        found = self._world.store.matching("subscription", customer=portal["customer"])
        return [one for one in found if one["status"] not in ending.OVER]

    def _subscription_part(self, portal: Object, subscription: Object) -> list[str]:
        base, fields = f"/portal/{portal['id']}", {"subscription": subscription["id"]}
        current = subscription["items"]["data"][0]["price"]
        name = product_name(self._world, current)
        parts = [markup.paragraph(f"{name}: {subscription['status']}")]
        if subscription["cancel_at"]:
            parts.append(markup.button(f"{base}/keep", "Do not cancel", fields))
        else:
            parts.append(markup.button(f"{base}/cancel", "Cancel at the end of the period", fields))
        for price in self._other_prices(current):
            label = f"Change to {product_name(self._world, price)}"
            amount = markup.money(price["unit_amount"], price["currency"])
            wanted = fields | {"price": price["id"]}
            parts.append(markup.button(f"{base}/change_plan", f"{label} ({amount})", wanted))
        return parts

    def _other_prices(self, current: Object) -> list[Object]:
        return [
            price
            for price in self._world.store.matching(
                "price", active=True, type="recurring", currency=current["currency"]
            )
            if price["id"] != current["id"]
        ]

    async def portal_action(self, request: Request) -> Response:
        """POST /portal/{session}/{action}: only for subscriptions of this customer."""
        portal, action = self._portal(request), request.path_params["action"]
        fields = forms.decode((await request.body()).decode())
        own = {one["id"] for one in self._subscriptions(portal)}
        if action not in _PORTAL_ACTIONS or fields.get("subscription") not in own:
            return HTMLResponse(markup.page("Not found"), 404)
        wanted: dict[str, Any] = {"subscription": fields["subscription"]}
        if action == "cancel":
            wanted["when"] = "period_end"
        elif action == "change_plan":
            wanted["price"] = fields.get("price")
        act(self._world, action, wanted)
        return RedirectResponse(f"/portal/{portal['id']}", 303)

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            Route("/pay/{session}", friendly(self.checkout)),
            Route("/pay/{session}", friendly(self.pay), methods=["POST"]),
            Route("/pay/{session}/cancel", friendly(self.leave), methods=["POST"]),
            Route("/portal/{session}", friendly(self.portal)),
            Route("/portal/{session}/{action}", friendly(self.portal_action), methods=["POST"]),
        ]


def friendly(shown: Page) -> Page:
    """Show a refusal as a page."""

    async def handler(request: Request) -> Response:
        try:
            return await shown(request)
        except StripeError as error:
            return HTMLResponse(markup.page("Sorry", markup.paragraph(str(error))), error.status)

    return handler


def _bought(item: Object) -> tuple[str, ...]:
    recurring = item["price"]["recurring"]
    rhythm = f" every {recurring['interval_count']} {recurring['interval']}" if recurring else ""
    amount = markup.money(item["amount_total"], item["currency"])
    return f"{item['quantity']} × {item['description']}", f"{amount}{rhythm}"
