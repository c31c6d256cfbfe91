"""What a person sees and clicks in a browser."""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from tests.support.stand_ins.stripe.stand_in import DONE, LEFT, StandIn

if TYPE_CHECKING:
    import httpx

_FORM = re.compile(r'<form method="post" action="([^"]+)">(.*?)<button>([^<]*)</button></form>')
_FIELD = re.compile(r'name="([^"]+)" value="([^"]*)"')


class Browser:
    """Opens pages and presses buttons by their words."""

    def __init__(self, stand_in: StandIn, address: str) -> None:
        self._http = stand_in.http
        self.page = self._http.get(urlsplit(address).path)

    @property
    def text(self) -> str:
        return unescape(self.page.text)

    @property
    def buttons(self) -> list[str]:
        return [unescape(label) for _, _, label in _FORM.findall(self.page.text)]

    def press(self, words: str) -> httpx.Response:
        for action, inner, label in _FORM.findall(self.page.text):
            if unescape(label).startswith(words):
                fields = {name: unescape(value) for name, value in _FIELD.findall(inner)}
                self.page = self._http.post(action, data=fields)
                return self.page
        raise AssertionError(f"no button {words} among {self.buttons}")

    def follow(self) -> None:
        self.page = self._http.get(self.page.headers["location"])


def test_a_person_pays_in_the_browser(stand_in: StandIn) -> None:
    price = stand_in.price(1500, name="<b>Hundred</b> credits")
    session = stand_in.session(price, stand_in.customer())
    browser = Browser(stand_in, session.url)
    assert "<b>Hundred" not in browser.page.text
    assert "1 × <b>Hundred</b> credits" in browser.text
    assert browser.buttons == ["Pay 15.00 USD", "Pay with a bad card", "Cancel"]
    declined = browser.press("Pay with a bad card")
    assert (declined.status_code, "Your card was declined." in browser.text) == (402, True)
    paid = browser.press("Pay 15.00 USD")
    assert paid.status_code == 303
    assert paid.headers["location"] == DONE.replace("{CHECKOUT_SESSION_ID}", session.id)
    found = stand_in.client.v1.checkout.sessions.retrieve(session.id)
    assert (found.payment_status, found.url) == ("paid", None)
    again = Browser(stand_in, session.url)
    assert ("is complete" in again.text, again.buttons) == (True, [])


def test_pressing_twice_pays_once(stand_in: StandIn) -> None:
    session = stand_in.session(stand_in.price(), stand_in.customer())
    first, second = Browser(stand_in, session.url), Browser(stand_in, session.url)
    assert [one.press("Pay").status_code for one in (first, second)] == [303, 303]
    listed = stand_in.client.v1.payment_intents.list({"customer": session.customer}).data
    assert len(listed) == 1


def test_a_person_leaves_and_the_session_stays_open(stand_in: StandIn) -> None:
    session = stand_in.session(stand_in.price(), stand_in.customer())
    left = Browser(stand_in, session.url).press("Cancel")
    assert (left.status_code, left.headers["location"]) == (303, LEFT)
    assert stand_in.client.v1.checkout.sessions.retrieve(session.id).status == "open"


def test_a_page_of_nothing_is_404(stand_in: StandIn) -> None:
    for path in ("/pay/cs_nobody", "/portal/bps_nobody", "/invoice/in_nobody", "/receipt/ch_x"):
        assert stand_in.http.get(path).status_code == 404
    assert stand_in.http.post("/demo/dance").status_code == 404
    assert stand_in.http.get("/").status_code == 200


def test_the_portal_cancels_keeps_and_changes_a_plan(stand_in: StandIn) -> None:
    current = stand_in.monthly(3000, name="Small plan")
    bigger = stand_in.monthly(6000, name="Big plan for Ana")
    subscription = stand_in.subscribed(current).id("subscription")
    subscriptions = stand_in.client.v1.subscriptions
    customer = str(subscriptions.retrieve(subscription).customer)
    portal = stand_in.client.v1.billing_portal.sessions.create(
        {"customer": customer, "return_url": "http://127.0.0.1:9/back"}
    )
    browser = Browser(stand_in, portal.url)
    assert "http://127.0.0.1:9/back" in browser.page.text
    browser.press("Cancel at the end")
    assert subscriptions.retrieve(subscription).cancel_at_period_end is True
    browser.follow()
    browser.press("Do not cancel")
    assert subscriptions.retrieve(subscription).cancel_at_period_end is False
    browser.follow()
    browser.press("Change to Big plan for Ana")
    items = subscriptions.retrieve(subscription).to_dict()["items"]["data"]
    assert items[0]["price"]["id"] == bigger.id


def test_the_portal_shows_nobody_else(stand_in: StandIn) -> None:
    other = stand_in.subscribed().id("subscription")
    portal = stand_in.client.v1.billing_portal.sessions.create({"customer": stand_in.customer().id})
    browser = Browser(stand_in, portal.url)
    assert ("No subscription." in browser.text, other in browser.page.text) == (True, False)
    path = urlsplit(portal.url).path
    refused = stand_in.http.post(f"{path}/cancel", data={"subscription": other})
    assert refused.status_code == 404
    assert stand_in.client.v1.subscriptions.retrieve(other).cancel_at is None


def test_a_debt_is_paid_on_the_page_of_its_invoice(stand_in: StandIn) -> None:
    subscription = stand_in.subscribed(stand_in.monthly(3000)).id("subscription")
    failed = stand_in.act("renew", subscription=subscription, outcome="declined", alone=True)
    invoice = stand_in.client.v1.invoices.retrieve(failed.id("invoice"))
    browser = Browser(stand_in, invoice.hosted_invoice_url or pytest.fail("no page"))
    assert browser.press("Pay with a bad card").status_code == 402
    assert browser.press("Pay 30.00 USD").status_code == 200
    assert browser.buttons == []
    assert stand_in.client.v1.subscriptions.retrieve(subscription).status == "active"
    assert stand_in.post("/_actions/pay_invoice", invoice=invoice.id).status_code == 400


def test_the_demo_page_refunds_disputes_and_lets_a_month_pass(stand_in: StandIn) -> None:
    before = stand_in.get("/_clock")["now"]
    bought = stand_in.paid(4321)
    charges = stand_in.client.v1.charges
    Browser(stand_in, "/").press("Dispute at the bank")
    assert charges.retrieve(bought.id("charge")).disputed is True
    Browser(stand_in, "/").press("Won")
    Browser(stand_in, "/").press("Refund")
    charge = charges.retrieve(bought.id("charge"))
    assert charge.amount_refunded == 4321
    receipt = Browser(stand_in, charge.receipt_url or pytest.fail("no receipt"))
    assert "43.21 USD" in receipt.text
    subscription = stand_in.subscribed().id("subscription")
    page = Browser(stand_in, "/")
    for words, status in (
        ("Fail to renew", "past_due"),
        ("Replace the card", "active"),
        ("Let a month pass", "active"),
        ("Cancel now", "canceled"),
    ):
        page.press(words)
        page.follow()
        assert stand_in.client.v1.subscriptions.retrieve(subscription).status == status
    assert stand_in.get("/_clock")["now"] - before >= 28 * 86_400
