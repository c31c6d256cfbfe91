"""The traps of Stripe's SDK and of the network, sprung on the real stand-in."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
import uuid
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import stripe
from stripe import _util as stripe_util

from functions_py import stripe_gateway
from functions_py.errors import RejectedError, SidecarError, TransientError
from functions_py.stripe_gateway import StripeGateway
from tests.support.sidecar.helpers import raw_server
from tests.support.sidecar.stripe_calls import create, gateway_to, read, refused
from tests.support.stand_ins.stripe.stand_in import DONE, KEY, StandIn

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture
def stand_in(stripe_stand_in: StandIn) -> StandIn:
    return stripe_stand_in


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stripe.HTTPClient, "INITIAL_DELAY", 0.02)


@pytest.fixture
async def gateway(stand_in: StandIn) -> AsyncIterator[StripeGateway]:
    async with gateway_to(stand_in.url + "/") as made:
        yield made


@pytest.fixture
def email() -> str:
    return f"{uuid.uuid4().hex}@example.com"


def made(stand_in: StandIn, email: str) -> int:
    return len(stand_in.client.v1.customers.list({"email": email}).data)


def is_passing(error: SidecarError) -> bool:
    """Whether it will be tried again."""
    return isinstance(error, TransientError) and error.slug == "stripe_unreachable"


# What is asked, and the answers.


async def test_a_checkout_is_bought_and_all_of_it_is_read(
    stand_in: StandIn, gateway: StripeGateway, email: str
) -> None:
    customer = await gateway.call(create(email))
    assert (customer["object"], customer["metadata"]) == ("customer", {"profile_id": "u1"})
    price = stand_in.monthly()
    wanted = {
        "mode": "subscription",
        "customer": customer["id"],
        "line_items": [{"price": price.id, "quantity": 1}],
        "success_url": DONE,
        "cancel_url": DONE,
        "subscription_data": {"metadata": {"checkout_id": "c1"}},
    }
    payload = read("checkout.sessions.create", **wanted) | {"idempotency_key": email}
    session = await gateway.call(payload)
    assert session["url"].startswith("http")
    assert (await gateway.call(payload))["id"] == session["id"]
    stand_in.act("pay", session=session["id"])
    found = await gateway.call(
        read("checkout.sessions.retrieve", session["id"], expand=["line_items"])
    )
    assert found["line_items"]["data"][0]["price"]["id"] == price.id
    invoice = await gateway.call(read("invoices.retrieve", found["invoice"], expand=["payments"]))
    assert invoice["lines"]["data"][0]["pricing"]["price_details"]["price"] == price.id
    assert invoice["payments"]["data"][0]["status"] == "paid"
    subscription = await gateway.call(read("subscriptions.retrieve", found["subscription"]))
    assert subscription["metadata"] == {"checkout_id": "c1"}
    portal = {"customer": customer["id"], "return_url": DONE}
    payload = read("billing_portal.sessions.create", **portal) | {"idempotency_key": email + "p"}
    assert (await gateway.call(payload))["object"] == "billing_portal.session"
    # What goes to the database is JSON all through, and no object of the SDK's.
    for answer in (session, found, invoice, subscription):
        assert json.loads(json.dumps(answer)) == answer


async def test_money_that_went_back_is_read_and_listed(
    stand_in: StandIn, gateway: StripeGateway
) -> None:
    paid = stand_in.paid(1000)
    intent = paid.id("payment_intent")
    refund = stand_in.client.v1.refunds.create({"payment_intent": intent, "amount": 300})
    assert (await gateway.call(read("refunds.retrieve", refund.id)))["amount"] == 300
    listed = await gateway.call(read("refunds.list", charge=str(refund.charge), limit=100))
    assert (listed["object"], listed["has_more"]) == ("list", False)
    assert [one["id"] for one in listed["data"]] == [refund.id]
    sessions = await gateway.call(read("checkout.sessions.list", payment_intent=intent))
    assert [one["payment_intent"] for one in sessions["data"]] == [intent]
    dispute = stand_in.act("dispute", payment_intent=intent).id("dispute")
    assert (await gateway.call(read("disputes.retrieve", dispute)))["object"] == "dispute"


async def test_every_list_can_be_read(stand_in: StandIn, gateway: StripeGateway) -> None:
    stand_in.subscribed()
    for name in sorted(stripe_gateway._LISTS):
        params: dict[str, Any] = {"limit": 2}
        if name == "subscriptions.list":
            params["status"] = "all"
        listed = await gateway.call(read(name, **params))
        assert listed["object"] == "list", name
        assert len(listed["data"]) <= 2, name
        assert isinstance(listed["has_more"], bool), name


async def test_events_that_nobody_took_are_listed(
    stand_in: StandIn, gateway: StripeGateway, email: str
) -> None:
    stand_in.configure(webhook_url="http://127.0.0.1:9/hook")
    stand_in.faults(deliver_to_nobody=True)
    customer = await gateway.call(create(email))
    lost = await gateway.call(read("events.list", delivery_success=False, limit=1))
    taken = await gateway.call(read("events.list", delivery_success=True, limit=1))
    assert lost["data"][0]["data"]["object"]["id"] == customer["id"]
    assert [one["id"] for one in taken["data"]] != [one["id"] for one in lost["data"]]


@pytest.mark.parametrize(
    "payload",
    [
        {"call": "none"},
        {},
        read("customers.update", "cus_1"),
        read("customers.retrieve", "cus_1"),
        read("customers.create_async"),
        read("refunds.create", charge="ch_1") | {"idempotency_key": "k"},
        read("__class__"),
        create("a@b.co") | {"idempotency_key": None},
        create("a@b.co") | {"idempotency_key": ""},
    ],
    ids=lambda payload: str(payload.get("call")),
)
async def test_nothing_but_the_listed_calls_is_ever_made(
    stand_in: StandIn, gateway: StripeGateway, payload: dict[str, Any]
) -> None:
    error = await refused(gateway, payload)
    assert isinstance(error, RejectedError)
    assert error.slug == "internal_error"
    assert (await gateway.call(create(f"{uuid.uuid4().hex}@b.co")))["id"]


@pytest.mark.parametrize(
    "object_id", [None, "", ".", "..", "../customers", "in_1/lines", "in_1?x=1", "in 1", "x" * 256]
)
async def test_an_id_never_changes_the_address(
    stand_in: StandIn, gateway: StripeGateway, object_id: str | None
) -> None:
    error = await refused(gateway, read("invoices.retrieve", object_id))
    assert (type(error), error.slug, error.detail) == (RejectedError, "stripe_missing", "id")
    invoice = stand_in.subscribed().id("invoice")
    assert (await gateway.call(read("invoices.retrieve", invoice)))["id"] == invoice


# What Stripe refuses.


async def test_what_is_not_there_is_missing_for_good(gateway: StripeGateway) -> None:
    error = await refused(gateway, read("subscriptions.retrieve", "sub_nothing"))
    assert (type(error), error.slug) == (RejectedError, "stripe_missing")
    assert error.detail.startswith("resource_missing")
    # A reference to what is gone is 400, and no less missing.
    portal = read("billing_portal.sessions.create", customer="cus_gone", return_url=DONE)
    error = await refused(gateway, portal | {"idempotency_key": str(uuid.uuid4())})
    assert (error.slug, error.detail) == ("stripe_missing", "resource_missing customer")


async def test_a_refusal_names_code_and_parameter_and_nobody(
    gateway: StripeGateway, email: str
) -> None:
    await gateway.call(create(email))
    error = await refused(gateway, create(email.replace("@", "+x@"), f"customer:{email}"))
    assert (type(error), error.slug) == (RejectedError, "stripe_refused")
    assert error.detail == "idempotency_error"
    payload = create(email, "k" * 256)
    assert (await refused(gateway, payload)).detail == "idempotency_key_too_long"
    error = await refused(gateway, read("invoices.list", limit=email))
    assert (type(error), error.slug) == (RejectedError, "stripe_refused")
    assert email not in f"{error!r} {error.detail} {error.__cause__} {error.args}"


async def test_a_wrong_key_can_be_mended_by_an_operator(stand_in: StandIn, email: str) -> None:
    async with gateway_to(stand_in.url, "sk_test_" + "w" * 24) as wrong:
        error = await refused(wrong, create(email))
    assert is_passing(error)
    assert error.detail == "HTTP 401"
    async with gateway_to(stand_in.url) as right:
        assert (await right.call(create(email)))["id"]


async def test_an_object_of_the_other_mode_is_refused(stand_in: StandIn, email: str) -> None:
    async with gateway_to(stand_in.url, livemode=True) as live:
        for payload in (create(email), read("events.list", limit=1)):
            error = await refused(live, payload)
            assert (type(error), error.slug) == (RejectedError, "stripe_refused")
            assert error.detail == "livemode"
    async with gateway_to(stand_in.url, livemode=False) as test:
        assert (await test.call(create(email)))["livemode"] is False


# What goes wrong on the way there and back.


async def test_too_many_calls_are_left_to_the_database(
    stand_in: StandIn, gateway: StripeGateway, email: str
) -> None:
    stand_in.faults(rate_limit_next=2)
    for _ in range(2):
        error = await refused(gateway, create(email))
        assert is_passing(error)
        assert error.detail == "HTTP 429"
    # Each call was one request: the SDK does not press on.
    assert (await gateway.call(create(email)))["id"]


@pytest.mark.parametrize(
    "fault", ["error_before_next", "gateway_error_after_next", "drop_after_next"]
)
async def test_a_lost_answer_is_asked_for_again_with_the_same_key(
    stand_in: StandIn, gateway: StripeGateway, email: str, fault: str
) -> None:
    stand_in.faults(**{fault: 2})
    assert (await gateway.call(create(email)))["email"] == email
    assert made(stand_in, email) == 1
    stand_in.faults(**{fault: 3})
    again = email.replace("@", "+2@")
    assert is_passing(await refused(gateway, create(again)))
    assert (await gateway.call(create(again)))["email"] == again
    assert made(stand_in, again) == 1


async def test_a_stored_500_stays_with_its_key(
    stand_in: StandIn, gateway: StripeGateway, email: str
) -> None:
    stand_in.faults(error_after_next=1)
    for _ in range(2):
        error = await refused(gateway, create(email))
        assert is_passing(error)
        assert error.detail == "HTTP 500"
    assert made(stand_in, email) == 1
    assert (await gateway.call(create(email, email)))["email"] == email
    assert made(stand_in, email) == 2


async def test_a_silent_answer_is_given_up_and_found_by_its_key(
    stand_in: StandIn, email: str
) -> None:
    stand_in.faults(hang_after_next=1, hang_seconds=3)
    async with gateway_to(stand_in.url, try_seconds=0.3) as impatient:
        assert (await impatient.call(create(email)))["email"] == email
        assert made(stand_in, email) == 1
        stand_in.faults(hang_after_next=9, hang_seconds=3)
        started = time.monotonic()
        error = await refused(impatient, create(email, email))
        assert is_passing(error)
        assert error.detail == "ReadTimeout"
        assert time.monotonic() - started < 2
    stand_in.faults(reset=True)
    async with gateway_to(stand_in.url, try_seconds=5, total_seconds=0.5) as hurried:
        stand_in.faults(hang_after_next=9, hang_seconds=3)
        started = time.monotonic()
        error = await refused(hurried, create(email, email))
        assert is_passing(error)
        assert error.detail.startswith("TimeoutError")
        assert time.monotonic() - started < 1.5


async def test_a_key_in_use_is_another_time_s(stand_in: StandIn, email: str) -> None:
    stand_in.faults(slow_next=1, slow_seconds=1.5)
    async with gateway_to(stand_in.url) as first, gateway_to(stand_in.url) as second:
        slow = asyncio.create_task(first.call(create(email)))
        await asyncio.sleep(0.3)
        error = await refused(second, create(email))
        assert is_passing(error)
        assert error.detail == "HTTP 409"
        assert (await slow)["id"] == (await second.call(create(email)))["id"]
    assert made(stand_in, email) == 1


async def test_reads_are_repeated_too(stand_in: StandIn, gateway: StripeGateway) -> None:
    stand_in.faults(on_method="GET", error_before_next=2)
    assert (await gateway.call(read("events.list")))["object"] == "list"
    stand_in.faults(on_method="GET", error_before_next=3)
    assert is_passing(await refused(gateway, read("events.list")))


async def test_when_nobody_is_there_it_is_tried_another_time() -> None:
    async with gateway_to("http://127.0.0.1:1") as nowhere:
        error = await refused(nowhere, read("events.list"))
    assert is_passing(error)
    assert error.detail == "ConnectError"


# Servers that say what no stand-in says.


class Scripted:
    """Answers each request with the next of some texts, the last one again and again."""

    def __init__(self, *answers: bytes) -> None:
        self.answers = list(answers)
        self.requests: list[str] = []

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        self.requests.append(head)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        writer.write(answer)

    def header(self, name: str) -> list[str | None]:
        """Return a header of each request."""
        found = []
        for head in self.requests:
            pairs = (line.partition(": ")[::2] for line in head.splitlines()[1:])
            found.append({key.lower(): value for key, value in pairs}.get(name))
        return found


def http(status: int, body: bytes | dict[str, Any], *headers: str) -> bytes:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    head = [f"HTTP/1.1 {status} X", f"content-length: {len(content)}", "connection: close"]
    return "\r\n".join([*head, *headers, "", ""]).encode() + content


@asynccontextmanager
async def scripted(*answers: bytes) -> AsyncIterator[tuple[Scripted, StripeGateway]]:
    server = Scripted(*answers)
    async with raw_server(server) as port, gateway_to(f"http://127.0.0.1:{port}") as gateway:
        yield server, gateway


GOOD = http(200, {"id": "sub_1", "object": "subscription", "livemode": False})
SUBSCRIPTION = read("subscriptions.retrieve", "sub_1")


@pytest.mark.parametrize(
    "answer",
    [
        *(b"", b"[]", b"{", b"{}", b"3", b"null", b'"x"', b"[" * 100_000, b"\xff"),
        *(b'{"object": 3}', b'{"object": "list", "data": 3}', b'{"error": "hush"}'),
    ],
    ids=lambda answer: repr(answer[:20]),
)
@pytest.mark.parametrize("status", [200, 302, 400, 404, 500])
async def test_an_answer_that_is_not_stripe_s_is_no_answer(answer: bytes, status: int) -> None:
    async with scripted(http(status, answer)) as (server, gateway):
        error = await refused(gateway, SUBSCRIPTION)
        assert is_passing(error), (error.slug, error.detail)
        assert "hush" not in error.detail
        server.answers = [GOOD]
        assert (await gateway.call(SUBSCRIPTION))["id"] == "sub_1"


@pytest.mark.parametrize(
    ("status", "problem", "expected"),
    [
        (400, {"code": "rate_limit"}, "stripe_unreachable HTTP 400"),
        (401, {"code": "api_key_expired"}, "stripe_unreachable HTTP 401"),
        (403, {"code": "x"}, "stripe_unreachable HTTP 403"),
        (409, {"code": "idempotency_key_in_use"}, "stripe_unreachable HTTP 409"),
        (429, {"code": "lock_timeout"}, "stripe_unreachable HTTP 429"),
        (503, {"code": "x"}, "stripe_unreachable HTTP 503"),
        (402, {"code": "card_declined", "param": "source"}, "stripe_refused card_declined source"),
        (400, {"type": "invalid_request_error"}, "stripe_refused invalid_request_error"),
        (
            400,
            {"code": "c", "param": "line_items[0][price]"},
            "stripe_refused c line_items[0][price]",
        ),
        (400, {"code": "c", "param": "ana@example.com"}, "stripe_refused c"),
        (400, {"code": "Ana Maria", "param": {"a": "ana"}}, "stripe_refused "),
        (
            400,
            {"code": "resource_missing", "param": "price"},
            "stripe_missing resource_missing price",
        ),
        (404, {"code": "resource_missing"}, "stripe_missing resource_missing"),
        (404, {}, "stripe_missing "),
        (405, {"code": "c"}, "stripe_refused c"),
    ],
)
async def test_each_refusal_means_one_thing(
    status: int, problem: dict[str, Any], expected: str
) -> None:
    said = {"error": {"message": "No such customer: ana@example.com"} | problem}
    async with scripted(http(status, said)) as (_, gateway):
        error = await refused(gateway, SUBSCRIPTION)
    assert f"{error.slug} {error.detail}" == expected
    assert isinstance(error, TransientError) is (error.slug == "stripe_unreachable")
    assert error.__cause__ is None


async def test_a_call_is_asked_three_times_with_one_key_at_most_and_as_stripe_wishes() -> None:
    again = "stripe-should-retry: true"
    never = "stripe-should-retry: false"
    error = {"error": {"code": "x"}}
    for answer, count in (
        (http(500, error), 3),
        (http(409, error), 3),
        (http(429, error), 1),
        (http(429, error, again), 3),
        (http(500, error, never), 1),
        (http(400, error), 1),
    ):
        async with scripted(answer) as (server, gateway):
            await refused(gateway, create("a@b.co", "one-key"))
            assert server.header("idempotency-key") == ["one-key"] * count


async def test_a_server_that_drips_its_answer_is_bounded_too() -> None:
    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        for byte in b"HTTP/1.1 200 OK\r\nx-slow: " + b"y" * 100:
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(0.1)

    async with raw_server(drip) as port:
        started = time.monotonic()
        async with gateway_to(f"http://127.0.0.1:{port}", total_seconds=0.5) as gateway:
            assert is_passing(await refused(gateway, SUBSCRIPTION))
        assert time.monotonic() - started < 2


def test_the_time_for_a_call_is_far_below_the_lease() -> None:
    assert stripe_gateway.TOTAL_SECONDS <= 30
    assert stripe_gateway._TRY_SECONDS < stripe_gateway.TOTAL_SECONDS


async def test_all_lines_of_an_invoice_come_whatever_it_shows_at_first() -> None:
    def lines(*numbers: int, has_more: bool) -> dict[str, Any]:
        data = [{"id": f"il_{n}", "object": "line_item", "livemode": False} for n in numbers]
        return {
            "object": "list",
            "data": data,
            "has_more": has_more,
            "url": "/v1/invoices/in_1/lines",
        }

    invoice = {"id": "in_1", "object": "invoice", "livemode": False}
    answers = [
        http(200, invoice | {"lines": lines(1, has_more=True)}),
        http(200, lines(1, 2, has_more=True)),
        http(200, lines(3, has_more=False)),
    ]
    async with scripted(*answers) as (server, gateway):
        found = await gateway.call(read("invoices.retrieve", "in_1"))
        asked = [head.split()[1] for head in server.requests]
    assert [line["id"] for line in found["lines"]["data"]] == ["il_1", "il_2", "il_3"]
    assert found["lines"]["has_more"] is False
    assert asked[1:] == [
        "/v1/invoices/in_1/lines?limit=100",
        "/v1/invoices/in_1/lines?limit=100&starting_after=il_2",
    ]
    few = http(200, invoice | {"lines": lines(1, has_more=False)})
    async with scripted(few) as (server, gateway):
        assert await gateway.call(read("invoices.retrieve", "in_1"))
        assert len(server.requests) == 1


async def test_the_database_can_keep_the_answer() -> None:
    odd = {
        "name": "a\x00b\ud800",
        "unit_amount_decimal": "0.000000000001",
        "many": [[{"n": "\x00"}]],
    }
    answer = {"id": "price_1", "object": "price", "livemode": False, "metadata": {"\x00k": "v"}}
    async with scripted(http(200, answer | odd)) as (_, gateway):
        found = await gateway.call(SUBSCRIPTION)
    # The SDK makes a Decimal of it, and of that 1E-12.
    assert found["unit_amount_decimal"] == "0.000000000001"
    assert found["name"] == "ab?"
    assert found["metadata"] == {"k": "v"}
    assert "\\u0000" not in json.dumps(found)


async def test_an_address_that_moved_is_not_followed_with_our_key() -> None:
    async with scripted(GOOD) as (thief, _), raw_server(thief) as port:
        moved = http(307, {}, f"location: http://127.0.0.1:{port}/v1/subscriptions/sub_1")
        async with scripted(moved) as (_, gateway):
            assert is_passing(await refused(gateway, SUBSCRIPTION))
        assert thief.requests == []


# What the SDK does beside the call.


async def test_nothing_about_this_machine_goes_to_stripe() -> None:
    good = http(200, {"id": "sub_1", "object": "subscription"}, "request-id: req_1")
    async with scripted(good) as (server, gateway):
        for _ in range(2):
            await gateway.call(SUBSCRIPTION)
        assert server.header("x-stripe-client-telemetry") == [None, None]
        about = [json.loads(text or "") for text in server.header("x-stripe-client-user-agent")]
        assert all(not {"platform", "telemetry_id"} & set(one) for one in about)
        # With the SDK's own setting both are told.
        stripe.enable_telemetry = True
        try:
            for _ in range(2):
                await gateway.call(SUBSCRIPTION)
        finally:
            stripe.enable_telemetry = False
        assert server.header("x-stripe-client-telemetry")[3] is not None
        assert "platform" in json.loads(server.header("x-stripe-client-user-agent")[3] or "")


PROGRAM = """
import asyncio, stripe
from functions_py.stripe_gateway import StripeGateway
from functions_py.errors import SidecarError
async def main():
    gateway = StripeGateway("sk_test_x", "http://127.0.0.1:1", livemode=False, trust_env=False)
    {more}
    try:
        await gateway.call({{"call": "customers.create", "idempotency_key": "k",
                            "params": {{"email": "ana@example.com"}}}})
    except SidecarError as error:
        print(error.slug, error.detail)
    await gateway.close()
asyncio.run(main())
"""


@pytest.mark.parametrize(
    ("more", "leaves_traces"),
    [
        ("pass", False),
        ("stripe.enable_telemetry = True; stripe.log = 'debug'", True),
    ],
)
def test_the_sdk_leaves_no_file_and_prints_nobody_s_address(
    tmp_path: Any, more: str, *, leaves_traces: bool
) -> None:
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "STRIPE_LOG": "debug"}
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(more=more)],
        env=env,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert ended.stdout == "stripe_unreachable ConnectError\n"
    assert bool(list(tmp_path.rglob("telemetry_id"))) is leaves_traces
    assert ("ana%40example.com" in ended.stderr) is leaves_traces


async def test_a_notice_of_stripe_s_is_no_warning() -> None:
    notice = http(200, {"id": "sub_1", "object": "subscription"}, "Stripe-Notice: upgrade")
    async with scripted(notice) as (_, gateway):
        # Warnings are errors here.
        assert (await gateway.call(SUBSCRIPTION))["id"] == "sub_1"


async def test_the_sdk_still_does_what_we_rely_on() -> None:
    assert stripe.VERSION == "16.1.0"
    customer = stripe.Customer.construct_from({"id": "cus_1", "metadata": {"a": "b"}}, "k")
    assert not isinstance(customer, dict)
    assert not hasattr(customer, "get")
    with pytest.raises(TypeError):
        json.dumps(customer)
    assert customer.to_dict() == {"id": "cus_1", "metadata": {"a": "b"}}
    assert hasattr(stripe_util, "STRIPE_LOG")
    client = stripe.StripeClient("sk_test_x")
    for call in stripe_gateway._CREATES | stripe_gateway._RETRIEVES | stripe_gateway._LISTS:
        *path, method = call.split(".")
        service: Any = client.v1
        for name in path:
            service = getattr(service, name)
        assert asyncio.iscoroutinefunction(getattr(service, f"{method}_async")), call


async def test_the_secret_goes_nowhere_but_to_stripe(
    gateway: StripeGateway, capfd: pytest.CaptureFixture[str]
) -> None:
    await gateway.call(read("events.list"))
    assert KEY not in f"{gateway!r} {gateway}"
    assert httpx.URL("https://api.stripe.com").host == "api.stripe.com"
    printed = capfd.readouterr()
    assert KEY not in printed.out + printed.err
