"""The stand-in as a process, with the official client in front of it."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx
import stripe

from tests.support import canaries
from tests.support.stand_ins.stripe.nursery import NURSERY
from tests.support.waiting import eventually
from thumbsmith.project.ports import HOST, free_ports
from thumbsmith.project.probes import http_ok
from thumbsmith.project.process import base_environment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# Neither a note about the machine nor one about the last call leaves this process.
stripe.enable_telemetry = False

KEY = canaries.secret("sk_test_", 48)
SECRET = canaries.secret("whsec_", 32)
OLD_SECRET = canaries.secret("whsec_", 32)
DONE = "http://127.0.0.1:9/done?session={CHECKOUT_SESSION_ID}"
LEFT = "http://127.0.0.1:9/left"


@dataclass
class StandIn:
    """Where the stand-in is, and shorthand for what tests do all the time."""

    url: str
    key: str = field(default=KEY, repr=False)
    client: stripe.StripeClient = field(init=False)
    http: httpx.Client = field(init=False)

    def __post_init__(self) -> None:
        self.client = self.client_with(self.key)
        # One for all: making a client takes longer than most of the calls.
        self.http = httpx.Client(base_url=self.url, timeout=40, trust_env=False)

    def client_with(self, key: str, **options: Any) -> stripe.StripeClient:
        """Return the official client, pointed here."""
        http = stripe.RequestsClient(timeout=20)
        options = {"http_client": http} | options
        return stripe.StripeClient(key, base_addresses={"api": self.url}, **options)

    def post(self, path: str, **wanted: Any) -> httpx.Response:
        """Post JSON to one of the stand-in's own routes."""
        return self.http.post(path, json=wanted)

    def get(self, path: str, **query: Any) -> dict[str, Any]:
        """Read one of the stand-in's own routes."""
        answer = self.http.get(path, params=query)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def raw(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Call the API without the client, to see headers."""
        headers = {"authorization": f"Bearer {self.key}"} | options.pop("headers", {})
        return self.http.request(method, path, headers=headers, **options)

    def act(self, action: str, **wanted: Any) -> Acted:
        """Do something as a person."""
        answer = self.post(f"/_actions/{action}", **wanted)
        assert answer.status_code == 200, answer.text
        return Acted(**answer.json())

    def faults(self, **wanted: Any) -> None:
        """Set fault switches."""
        answer = self.post("/_faults", **wanted)
        assert answer.status_code == 200, answer.text

    def configure(self, **wanted: Any) -> None:
        """Say where events go."""
        answer = self.post("/_config", **wanted)
        assert answer.status_code == 200, answer.text

    def settled(self) -> list[dict[str, Any]]:
        """Wait for all deliveries under way; return all attempts."""
        found = self.get("/_deliveries", settle=1)
        assert found["under_way"] == 0
        attempts: list[dict[str, Any]] = found["attempts"]
        return attempts

    def price(self, amount: int = 1000, **more: Any) -> stripe.Price:
        """Make a price of a new product."""
        name = more.pop("name", "Hundred credits")
        params = {"currency": "usd", "unit_amount": amount, "product_data": {"name": name}} | more
        return self.client.v1.prices.create(params)  # type: ignore[arg-type]

    def monthly(self, amount: int = 3000, **more: Any) -> stripe.Price:
        """Make a monthly price."""
        return self.price(amount, **({"recurring": {"interval": "month"}, "name": "Plan"} | more))

    def customer(self, **more: Any) -> stripe.Customer:
        """Make a customer."""
        params = {"email": "ana@example.com", "name": "Ana"} | more
        return self.client.v1.customers.create(params)  # type: ignore[arg-type]

    def session(
        self, price: stripe.Price, customer: stripe.Customer | str | None = None, **more: Any
    ) -> Any:
        """Make a Checkout session for one price."""
        mode = "subscription" if price.type == "recurring" else "payment"
        params: dict[str, Any] = {
            "mode": mode,
            "line_items": [{"price": price.id, "quantity": 1}],
            "success_url": DONE,
            "cancel_url": LEFT,
        }
        if customer:
            params["customer"] = customer if isinstance(customer, str) else customer.id
        return self.client.v1.checkout.sessions.create(params | more)  # type: ignore[arg-type]

    def paid(self, amount: int = 1000, **more: Any) -> Acted:
        """Buy something with a card."""
        session = self.session(self.price(amount), self.customer(), **more)
        return self.act("pay", session=session.id)

    def subscribed(self, price: stripe.Price | None = None, **more: Any) -> Acted:
        """Subscribe with a card."""
        session = self.session(price or self.monthly(), self.customer(), **more)
        return self.act("pay", session=session.id)


@dataclass(frozen=True)
class Acted:
    """What an action did."""

    touched: dict[str, list[str]]
    events: list[dict[str, str]]

    def id(self, kind: str) -> str:
        """Return the one object of a kind that was touched."""
        assert len(self.touched[kind]) == 1, self.touched
        return self.touched[kind][0]

    @property
    def types(self) -> list[str]:
        """The types of the events, in the order of their telling."""
        return [event["type"] for event in self.events]


@contextmanager
def running(folder: Path, account: Path | None = None) -> Iterator[StandIn]:
    """Run the stand-in on a free port; its account is kept in a file if one is named."""
    (port,) = free_ports(1)
    url = f"http://{HOST}:{port}"
    env = base_environment() | {
        "PORT": str(port),
        "SELF_URL": url,
        "STRIPE_SECRET_KEY": KEY,
        "STRIPE_WEBHOOK_SECRET": SECRET,
        "STRIPE_WEBHOOK_SECRET_PREVIOUS": OLD_SECRET,
    }
    if account:
        env["STRIPE_STATE_FILE"] = str(account)
    log = folder / "stripe.log"
    process = NURSERY.start(env, log)
    try:
        eventually(http_ok(f"{url}/healthz"), what=f"an answer of the stand-in: {log}")
        stand_in = StandIn(url)
        with stand_in.http:
            yield stand_in
    finally:
        NURSERY.stop(process)
        canaries.look_at_file(log)
