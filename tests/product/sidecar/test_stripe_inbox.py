"""POST /webhooks/stripe, over a real socket, also from the stand-in's own deliveries."""

from __future__ import annotations

import http.client
import json
import time
import uuid
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import stripe
from structlog.testing import capture_logs

from functions_py import inbox
from functions_py.app import create_app
from functions_py.errors import DatabaseUnavailableError
from functions_py.metrics import Metrics
from tests.support.sidecar import helpers
from tests.support.sidecar.helpers import FakeStore, serving
from tests.support.stand_ins.stripe.stand_in import OLD_SECRET, SECRET, StandIn
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def stand_in(stripe_stand_in: StandIn) -> StandIn:
    return stripe_stand_in


STRANGER = "whsec_" + "s" * 32
PERSON = {"email": "ana@example.com", "name": "Ana"}


class Sidecar:
    """The routes on a free port, with a fake database behind them."""

    def __init__(self, url: str, store: FakeStore) -> None:
        self.url = url
        self.store = store

    def post(self, body: bytes, header: str | None = None, **more: Any) -> httpx.Response:
        """Send a body, signed unless another header is given."""
        headers = {"stripe-signature": signed(body) if header is None else header}
        url = f"{self.url}/webhooks/stripe"
        return httpx.post(url, content=body, trust_env=False, **{"headers": headers} | more)

    @property
    def stored(self) -> list[Any]:
        return [values[0] for values in self.store.asked("report_stripe_event")]

    def assert_refused(self, answer: httpx.Response, status: int, slug: str) -> None:
        assert (answer.status_code, answer.json()) == (status, {"error": slug})
        assert self.stored == []

    def assert_takes_a_good_one(self) -> None:
        self.store.calls.clear()
        assert self.post(snapshot()).status_code == 200
        assert len(self.stored) == 1


@pytest.fixture
def sidecar() -> Iterator[Sidecar]:
    store = FakeStore()
    store.answers["report_stripe_event"] = "stored"
    app = create_app(store, [helpers.SECRET], Metrics(), stripe_secrets=[SECRET, OLD_SECRET])
    with serving(app) as url:
        yield Sidecar(url, store)


def signed(body: bytes, secret: str = SECRET, *, age: int = 0) -> str:
    moment = int(time.time()) - age
    header = stripe.WebhookSignature.generate_signature_header
    return str(header(body.decode(), secret, moment))


def snapshot(**more: Any) -> bytes:
    """Return the body of a snapshot event."""
    event = {
        "id": "evt_1",
        "object": "event",
        "type": "invoice.paid",
        "created": 1_795_000_000,
        "livemode": False,
        "data": {
            "object": {"id": "in_1", "object": "invoice", "customer_email": PERSON["email"]}
            | PERSON,
            "previous_attributes": PERSON,
        },
        "request": {"id": "req_1", "idempotency_key": "k"},
    }
    return json.dumps(event | more).encode()


def thin(**more: Any) -> bytes:
    """Return the body of a thin event."""
    event = {
        "id": "evt_2",
        "object": "v2.core.event",
        "type": "v1.invoice.paid",
        "created": "2026-11-25T04:00:00.000Z",
        "livemode": False,
        "related_object": {"id": "in_1", "type": "invoice", "url": "/v1/invoices/in_1"},
        "snapshot_event": "evt_1",
        "context": None,
        "changes": PERSON,
    }
    return json.dumps(event | more).encode()


def test_of_a_snapshot_event_only_ids_type_time_and_mode_are_kept(sidecar: Sidecar) -> None:
    answer = sidecar.post(snapshot())
    assert (answer.status_code, answer.json()) == (200, {"status": "stored"})
    assert sidecar.stored == [
        {
            "id": "evt_1",
            "object": "event",
            "type": "invoice.paid",
            "created": 1_795_000_000,
            "livemode": False,
            "data": {"object": {"id": "in_1", "object": "invoice"}},
        }
    ]


def test_of_a_thin_event_too_and_its_twin(sidecar: Sidecar) -> None:
    assert sidecar.post(thin()).status_code == 200
    assert sidecar.post(thin(related_object=None, snapshot_event=None)).status_code == 200
    kept = {
        "id": "evt_2",
        "object": "v2.core.event",
        "type": "v1.invoice.paid",
        "created": "2026-11-25T04:00:00.000Z",
        "livemode": False,
    }
    nothing = {"related_object": {"id": None, "type": None}, "snapshot_event": None}
    related = {"related_object": {"id": "in_1", "type": "invoice"}, "snapshot_event": "evt_1"}
    assert sidecar.stored == [kept | related, kept | nothing]


def test_a_type_that_nobody_knows_yet_is_passed_on(sidecar: Sidecar) -> None:
    balance = {"object": {"object": "balance", "available": [PERSON]}}
    assert sidecar.post(snapshot(type="moon.landed", data=balance)).status_code == 200
    assert sidecar.post(thin(type="v9.moon.landed")).status_code == 200
    first, second = sidecar.stored
    assert (first["type"], second["type"]) == ("moon.landed", "v9.moon.landed")
    assert first["data"] == {"object": {"id": None, "object": "balance"}}


def test_odd_values_of_an_event_are_left_out_or_made_fit_for_the_database(sidecar: Sidecar) -> None:
    subject = {"id": PERSON, "object": ["invoice"], **PERSON}
    body = snapshot(id="evt\x00_\ud800", created=PERSON, livemode="no", data={"object": subject})
    assert sidecar.post(body).status_code == 200
    (kept,) = sidecar.stored
    assert kept["id"] == "evt_?"
    assert (kept["created"], kept["livemode"]) == (None, "no")
    assert kept["data"] == {"object": {"id": None, "object": None}}


@pytest.mark.parametrize(
    ("result", "status", "answered"),
    [
        ("stored", 200, {"status": "stored"}),
        ("duplicate", 200, {"status": "duplicate"}),
        ("wrong_mode", 400, {"error": "wrong_mode"}),
        ("invalid", 400, {"error": "invalid_body"}),
    ],
)
def test_what_the_database_says_is_answered(
    sidecar: Sidecar, result: str, status: int, answered: dict[str, str]
) -> None:
    sidecar.store.answers["report_stripe_event"] = result
    answer = sidecar.post(snapshot())
    assert (answer.status_code, answer.json()) == (status, answered)
    assert len(sidecar.stored) == 1


def test_while_a_secret_is_rotated_both_are_taken_and_no_third(sidecar: Sidecar) -> None:
    body = snapshot()
    for secret, status in ((SECRET, 200), (OLD_SECRET, 200), (STRANGER, 400)):
        assert sidecar.post(body, signed(body, secret)).status_code == status
    both = signed(body, STRANGER) + "," + signed(body).partition(",")[2]
    assert sidecar.post(body, both).status_code == 200
    assert len(sidecar.stored) == 3


@pytest.mark.parametrize("age", [310, -310, 86_400])
def test_an_old_or_future_signature_is_refused(sidecar: Sidecar, age: int) -> None:
    body = snapshot()
    sidecar.assert_refused(sidecar.post(body, signed(body, age=age)), 400, "invalid_signature")
    nearly = 290 if age > 0 else -290
    assert sidecar.post(body, signed(body, age=nearly)).status_code == 200


def test_a_forged_request_is_refused(sidecar: Sidecar) -> None:
    body = snapshot()
    good = signed(body)
    moment, _, mac = good.partition(",")
    for header in (
        "",
        "nonsense",
        moment,
        mac,
        good.replace("v1=", "v0="),
        good[:-1],
        "t=nan," + mac,
    ):
        sidecar.assert_refused(sidecar.post(body, header), 400, "invalid_signature")
    sidecar.assert_refused(sidecar.post(body + b" ", good), 400, "invalid_signature")
    sidecar.assert_refused(sidecar.post(body, good + ",v0=0" * 2000), 400, "invalid_signature")
    no_header = httpx.post(f"{sidecar.url}/webhooks/stripe", content=body, trust_env=False)
    sidecar.assert_refused(no_header, 400, "invalid_signature")
    twice = [("stripe-signature", good), ("stripe-signature", good)]
    sidecar.assert_refused(sidecar.post(body, headers=twice), 400, "invalid_signature")
    sidecar.assert_takes_a_good_one()


def test_a_signature_of_replicate_s_opens_nothing_here_and_the_reverse(sidecar: Sidecar) -> None:
    body = snapshot()
    theirs = helpers.signed(body)
    sidecar.assert_refused(sidecar.post(body, headers=theirs), 400, "invalid_signature")
    query = f"profile={uuid.uuid4()}&attempt={uuid.uuid4()}"
    url = f"{sidecar.url}/webhooks/replicate?{query}"
    ours = {"stripe-signature": signed(body)}
    assert httpx.post(url, content=body, headers=ours, trust_env=False).status_code == 400
    assert sidecar.store.asked("report_provider_webhook") == []
    assert httpx.post(url, content=body, headers=theirs, trust_env=False).status_code == 200
    sidecar.assert_takes_a_good_one()


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"[]", b"3", b"{", b'"id"', b"{}", b"null", b"[" * 100_000),
        *(snapshot(object="customer"), snapshot(object=None), snapshot(object=["event"])),
        *(snapshot(id=""), snapshot(id=None), snapshot(id=3), snapshot(type=None), thin(id=[])),
        *(snapshot(data=None), snapshot(data=[]), snapshot(data={}), snapshot(data={"object": 3})),
        *(thin(related_object="in_1"), thin(related_object=[1]), thin(type={"a": 1})),
    ],
    ids=lambda body: repr(body[:24]),
)
def test_a_signed_body_that_is_no_event_is_refused(sidecar: Sidecar, body: bytes) -> None:
    sidecar.assert_refused(sidecar.post(body), 400, "invalid_body")
    sidecar.assert_takes_a_good_one()


def test_a_body_that_is_no_text_is_refused(sidecar: Sidecar) -> None:
    refused = sidecar.post(b"\xff\xfe{}", signed(b"{}"))
    sidecar.assert_refused(refused, 400, "invalid_signature")


def test_a_body_of_2_mib_is_taken_and_one_more_byte_is_not(sidecar: Sidecar) -> None:
    padding = inbox.MAX_BODY_BYTES - len(snapshot(pad=""))
    assert sidecar.post(snapshot(pad="x" * padding)).status_code == 200
    sidecar.store.calls.clear()
    larger = snapshot(pad="x" * (padding + 1))
    sidecar.assert_refused(sidecar.post(larger), 413, "body_too_large")


def test_a_body_that_never_comes_is_given_up(
    sidecar: Sidecar, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox, "_READ_SECONDS", 0.1)
    connection = http.client.HTTPConnection(sidecar.url.removeprefix("http://"), timeout=10)
    connection.putrequest("POST", "/webhooks/stripe")
    connection.putheader("content-length", "100")
    connection.endheaders()
    connection.send(b"{")
    answer = connection.getresponse()
    assert (answer.status, json.loads(answer.read())) == (408, {"error": "body_too_slow"})
    connection.close()


@pytest.mark.parametrize(
    ("error", "status", "slug"),
    [
        (DatabaseUnavailableError(), 503, "not_stored"),
        # A bug of ours is never the provider's fault: it shall come again.
        (RuntimeError("hush"), 500, "internal_error"),
    ],
)
def test_5xx_only_when_it_could_not_be_stored(
    sidecar: Sidecar, error: Exception, status: int, slug: str
) -> None:
    sidecar.store.answers["report_stripe_event"] = error
    answer = sidecar.post(snapshot())
    assert (answer.status_code, answer.json()) == (status, {"error": slug})
    sidecar.store.answers["report_stripe_event"] = "stored"
    assert sidecar.post(snapshot()).status_code == 200


def test_a_slash_at_the_end_is_taken_without_a_redirect(sidecar: Sidecar) -> None:
    body = snapshot()
    for path in ("/webhooks/stripe", "/webhooks/stripe/"):
        answer = httpx.post(
            sidecar.url + path,
            content=body,
            headers={"stripe-signature": signed(body)},
            trust_env=False,
        )
        assert answer.status_code == 200
    nowhere = httpx.post(f"{sidecar.url}/webhooks/other", content=body, trust_env=False)
    assert nowhere.status_code == 404


def test_only_post_is_a_webhook_and_without_a_secret_there_is_no_route(sidecar: Sidecar) -> None:
    assert httpx.get(f"{sidecar.url}/webhooks/stripe", trust_env=False).status_code == 405
    with serving(create_app(FakeStore(), [helpers.SECRET], Metrics())) as url:
        bare = httpx.post(f"{url}/webhooks/stripe", content=snapshot(), trust_env=False)
        assert bare.status_code == 404
        assert httpx.post(f"{url}/webhooks/replicate", trust_env=False).status_code == 400
    assert sidecar.post(snapshot()).status_code == 200


def test_metrics_and_logs_name_the_provider_and_nobody(sidecar: Sidecar) -> None:
    with capture_logs() as logged:
        sidecar.post(snapshot())
        sidecar.post(snapshot(), "")
        sidecar.post(snapshot(id=PERSON))
        sidecar.store.answers["report_stripe_event"] = RuntimeError(PERSON["email"])
        sidecar.post(snapshot())
    shown = httpx.get(f"{sidecar.url}/metrics", trust_env=False).text
    for result in ("stored", "invalid_signature", "invalid_body", "internal_error"):
        assert f'thumbsmith_webhooks_total{{provider="stripe",result="{result}"}} 1.0' in shown
    about = [(line["event"], line["provider"], line.get("webhook_id")) for line in logged]
    assert about == [("webhook", "stripe", "evt_1"), ("webhook_failed", "stripe", None)]
    assert PERSON["email"] not in str(logged)


@pytest.mark.parametrize("shape", ["snapshot", "thin"])
def test_what_the_stand_in_delivers_is_taken(
    sidecar: Sidecar, stand_in: StandIn, shape: str
) -> None:
    stand_in.configure(webhook_url=f"{sidecar.url}/webhooks/stripe", event_shape=shape)
    paid = stand_in.paid(1000)
    eventually(lambda: len(sidecar.stored) >= len(paid.events))
    attempts = stand_in.settled()[-len(paid.events) :]
    stand_in.configure(webhook_url=None)
    assert {one["status"] for one in attempts} == {200}
    told = {event["type"].removeprefix("v1.") for event in sidecar.stored}
    assert "checkout.session.completed" in told
    assert PERSON["email"] not in json.dumps(sidecar.stored)


def test_what_the_stand_in_signs_wrongly_or_too_late_is_refused(
    sidecar: Sidecar, stand_in: StandIn
) -> None:
    stand_in.configure(webhook_url=f"{sidecar.url}/webhooks/stripe")
    for bad in ({"signature": "wrong"}, {"signed_seconds_ago": 400}, {"signed_seconds_ago": -400}):
        # Else each would be tried again for some seconds.
        stand_in.faults(reset=True, deliver_once=True, **bad)
        stand_in.customer()
        assert stand_in.settled()[-1]["status"] == 400
    assert sidecar.stored == []
    for good in ({"signature": "both"}, {"signature": "old"}, {"signed_seconds_ago": 200}):
        stand_in.faults(reset=True, **good)
        stand_in.customer()
        assert stand_in.settled()[-1]["status"] == 200
    assert len(sidecar.stored) == 3
