"""POST /webhooks/replicate, over a real socket."""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import json
import time
import uuid
from typing import TYPE_CHECKING

import httpx
import pytest

from functions_py import inbox
from functions_py.app import create_app
from functions_py.errors import DatabaseUnavailableError, InvalidSignatureError
from functions_py.metrics import Metrics
from functions_py.signatures import verify
from tests.support.sidecar.helpers import (
    PREVIOUS,
    SECRET,
    STRANGER,
    FakeStore,
    prediction,
    serving,
    signed,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

ATTEMPT = "6f1c1c1e-8a0b-4d6e-9b57-2a1f0e9d3c4b"
PROFILE = "0199c1c1-8a0b-7d6e-9b57-2a1f0e9d3c4b"
QUERY = f"profile={PROFILE}&attempt={ATTEMPT}"


class Sidecar:
    """The routes on a free port, with a fake database behind them."""

    def __init__(self, url: str, store: FakeStore) -> None:
        self.url = url
        self.store = store

    def post(
        self,
        body: bytes,
        headers: dict[str, str],
        attempt: str | None = ATTEMPT,
        profile: str | None = PROFILE,
    ) -> httpx.Response:
        named = {"profile": profile, "attempt": attempt}
        query = {name: value for name, value in named.items() if value is not None}
        url = f"{self.url}/webhooks/replicate"
        return httpx.post(url, params=query, content=body, headers=headers, trust_env=False)

    @property
    def stored(self) -> list[tuple[object, ...]]:
        return self.store.asked("report_provider_webhook")

    def assert_refused(self, answer: httpx.Response, status: int, slug: str) -> None:
        assert (answer.status_code, answer.json()) == (status, {"error": slug})
        assert self.stored == []

    def assert_takes_a_good_one(self) -> None:
        self.store.calls.clear()
        body = prediction()
        assert self.post(body, signed(body)).status_code == 200
        assert len(self.stored) == 1


@pytest.fixture
def sidecar() -> Iterator[Sidecar]:
    store = FakeStore()
    store.answers["report_provider_webhook"] = "stored"
    with serving(create_app(store, [SECRET, PREVIOUS], Metrics())) as url:
        yield Sidecar(url, store)


def test_a_signed_webhook_is_stored_without_input_and_logs(sidecar: Sidecar) -> None:
    body = prediction(
        input={"image_input": ["https://x.co/sign?token=hush"]}, logs="hush", error="a\x00b\ud800"
    )
    answer = sidecar.post(body, signed(body, webhook_id="msg_7"))
    assert (answer.status_code, answer.json()) == (200, {"status": "stored"})
    ((webhook_id, profile, attempt, stored),) = sidecar.stored
    assert webhook_id == "msg_7"
    assert (profile, attempt) == (uuid.UUID(PROFILE), uuid.UUID(ATTEMPT))
    assert stored == {"id": "p1", "status": "succeeded", "output": None, "error": "ab?"}


def test_a_duplicate_is_a_success_too(sidecar: Sidecar) -> None:
    sidecar.store.answers["report_provider_webhook"] = "duplicate"
    body = prediction()
    answer = sidecar.post(body, signed(body))
    assert (answer.status_code, answer.json()) == (200, {"status": "duplicate"})


def test_while_a_secret_is_rotated_both_are_taken_and_no_third(sidecar: Sidecar) -> None:
    body = prediction()
    for secret, status in ((SECRET, 200), (PREVIOUS, 200), (STRANGER, 400)):
        assert sidecar.post(body, signed(body, secret)).status_code == status
    assert len(sidecar.stored) == 2


@pytest.mark.parametrize("age_seconds", [310, -310, 86_400])
def test_an_old_or_future_signature_is_refused(sidecar: Sidecar, age_seconds: int) -> None:
    body = prediction()
    refused = sidecar.post(body, signed(body, age_seconds=age_seconds))
    sidecar.assert_refused(refused, 400, "invalid_signature")
    nearly = 290 if age_seconds > 0 else -290
    assert sidecar.post(body, signed(body, age_seconds=nearly)).status_code == 200


@pytest.mark.parametrize(
    "changes",
    [
        {"webhook-id": "msg_2"},
        {"webhook-timestamp": str(int(time.time()) + 120)},
        {"webhook-timestamp": "nan"},
        {"webhook-timestamp": "soon"},
        {"webhook-signature": "v1,AAAA"},
        {"webhook-signature": "v1,not base64"},
        {"webhook-signature": "nonsense"},
        {"webhook-signature": "v1,a,b"},
        {"webhook-signature": ""},
    ],
)
def test_a_forged_header_is_refused(sidecar: Sidecar, changes: dict[str, str]) -> None:
    body = prediction()
    refused = sidecar.post(body, signed(body) | changes)
    sidecar.assert_refused(refused, 400, "invalid_signature")
    sidecar.assert_takes_a_good_one()


def test_a_signature_of_another_version_or_body_or_none_is_refused(sidecar: Sidecar) -> None:
    body = prediction()
    good = signed(body)
    other = good | {"webhook-signature": good["webhook-signature"].replace("v1,", "v2,")}
    sidecar.assert_refused(sidecar.post(body, other), 400, "invalid_signature")
    sidecar.assert_refused(sidecar.post(body + b" ", good), 400, "invalid_signature")
    sidecar.assert_refused(sidecar.post(body, {}), 400, "invalid_signature")
    several = good | {"webhook-signature": f"v1,AAAA {good['webhook-signature']}"}
    assert sidecar.post(body, several).status_code == 200


def test_verification_agrees_with_an_hmac_worked_out_here() -> None:
    body, now = b'{"id":"p1"}', str(int(time.time()))
    key = base64.b64decode(SECRET.removeprefix("whsec_"))
    mac = hmac.new(key, f"msg_9.{now}.".encode() + body, hashlib.sha256).digest()
    headers = {
        "webhook-id": "msg_9",
        "webhook-timestamp": now,
        "webhook-signature": "v1," + base64.b64encode(mac).decode(),
    }
    assert verify(body, headers, [SECRET]) == "msg_9"
    with pytest.raises(InvalidSignatureError):
        verify(body, headers, [STRANGER])
    with pytest.raises(InvalidSignatureError):
        verify(body, headers, [])


@pytest.mark.parametrize(
    "text", [None, "", "1", ATTEMPT[:-1], f"{{{ATTEMPT}}}", ATTEMPT.replace("-", ""), "x" * 999]
)
@pytest.mark.parametrize("name", ["attempt", "profile"])
def test_an_address_that_names_no_uuid_is_refused(
    sidecar: Sidecar, name: str, text: str | None
) -> None:
    body = prediction()
    answer = sidecar.post(body, signed(body), **{name: text})
    sidecar.assert_refused(answer, 400, f"invalid_{name}")
    sidecar.assert_takes_a_good_one()


def test_an_attempt_of_another_person_is_refused_and_counted(sidecar: Sidecar) -> None:
    slug = "attempt_of_another_person"
    sidecar.store.answers["report_provider_webhook"] = slug
    body = prediction()
    answer = sidecar.post(body, signed(body))
    assert (answer.status_code, answer.json()) == (400, {"error": slug})
    counted = f'thumbsmith_webhooks_total{{provider="replicate",result="{slug}"}} 1.0'
    assert counted in httpx.get(f"{sidecar.url}/metrics", trust_env=False).text
    sidecar.store.answers["report_provider_webhook"] = "stored"
    sidecar.assert_takes_a_good_one()


@pytest.mark.parametrize("body", [b"", b"[]", b"3", b"{", b'"id"', b"[" * 100_000])
def test_a_signed_body_that_is_no_object_is_refused(sidecar: Sidecar, body: bytes) -> None:
    sidecar.assert_refused(sidecar.post(body, signed(body)), 400, "invalid_body")


def test_a_body_that_is_no_text_is_refused(sidecar: Sidecar) -> None:
    body = b"\xff\xfe{}"
    sidecar.assert_refused(sidecar.post(body, signed(body)), 400, "invalid_signature")


def test_a_body_of_2_mib_is_taken_and_one_more_byte_is_not(sidecar: Sidecar) -> None:
    padding = inbox.MAX_BODY_BYTES - len(prediction(logs=""))
    largest = prediction(logs="x" * padding)
    assert len(largest) == inbox.MAX_BODY_BYTES
    assert sidecar.post(largest, signed(largest)).status_code == 200
    sidecar.store.calls.clear()
    larger = prediction(logs="x" * (padding + 1))
    sidecar.assert_refused(sidecar.post(larger, signed(larger)), 413, "body_too_large")


def test_a_large_body_is_refused_before_it_has_all_come(sidecar: Sidecar) -> None:
    connection = http.client.HTTPConnection(sidecar.url.removeprefix("http://"), timeout=10)
    connection.putrequest("POST", f"/webhooks/replicate?{QUERY}")
    connection.putheader("transfer-encoding", "chunked")
    connection.endheaders()
    chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
    # 33 chunks of 64 KiB, and no end: the answer must not wait for one.
    for _ in range(33):
        connection.send(chunk)
    answer = connection.getresponse()
    assert (answer.status, json.loads(answer.read())) == (413, {"error": "body_too_large"})
    connection.close()
    assert sidecar.stored == []


def test_a_body_that_never_comes_is_given_up(
    sidecar: Sidecar, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox, "_READ_SECONDS", 0.1)
    connection = http.client.HTTPConnection(sidecar.url.removeprefix("http://"), timeout=10)
    connection.putrequest("POST", f"/webhooks/replicate?{QUERY}")
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
    sidecar.store.answers["report_provider_webhook"] = error
    body = prediction()
    answer = sidecar.post(body, signed(body))
    assert (answer.status_code, answer.json()) == (status, {"error": slug})
    sidecar.store.answers["report_provider_webhook"] = "stored"
    assert sidecar.post(body, signed(body)).status_code == 200


@pytest.mark.parametrize("step", ["verify", "parse_object", "storable"])
@pytest.mark.parametrize("bug", [ValueError("hush"), TypeError("hush"), KeyError("hush")])
def test_a_bug_of_ours_while_reading_is_not_called_the_providers(
    sidecar: Sidecar, monkeypatch: pytest.MonkeyPatch, step: str, bug: Exception
) -> None:
    def broken(*_: object) -> object:
        raise bug

    body = prediction()
    with monkeypatch.context() as patched:
        patched.setattr(inbox, step, broken)
        sidecar.assert_refused(sidecar.post(body, signed(body)), 500, "internal_error")
    sidecar.assert_takes_a_good_one()


def test_a_slash_at_the_end_is_taken_without_a_redirect(sidecar: Sidecar) -> None:
    body = prediction()
    for path in ("/webhooks/replicate", "/webhooks/replicate/"):
        url = f"{sidecar.url}{path}?{QUERY}"
        answer = httpx.post(url, content=body, headers=signed(body), trust_env=False)
        assert answer.status_code == 200


def test_only_post_is_a_webhook_and_without_its_secret_stripe_has_no_route(
    sidecar: Sidecar,
) -> None:
    assert httpx.get(f"{sidecar.url}/webhooks/replicate", trust_env=False).status_code == 405
    assert httpx.post(f"{sidecar.url}/webhooks/stripe", trust_env=False).status_code == 404


def test_health_does_not_ask_the_database_but_readiness_does(sidecar: Sidecar) -> None:
    def status(path: str) -> int:
        return httpx.get(sidecar.url + path, trust_env=False).status_code

    assert (status("/healthz"), status("/readyz")) == (200, 200)
    for broken in (DatabaseUnavailableError(), RuntimeError(), False):
        sidecar.store.answers["sidecar_ready"] = broken
        assert (status("/healthz"), status("/readyz")) == (200, 503)


def test_metrics_show_webhooks_and_the_queue_even_without_a_database(sidecar: Sidecar) -> None:
    def metrics() -> str:
        return httpx.get(f"{sidecar.url}/metrics", trust_env=False).text

    sidecar.store.answers["queue_metrics"] = {"jobs_due": 3, "oldest_due_seconds": 1.5, "odd": None}
    body = prediction()
    sidecar.post(body, signed(body))
    sidecar.post(body, {})
    shown = metrics()
    assert 'thumbsmith_webhooks_total{provider="replicate",result="stored"} 1.0' in shown
    assert 'result="invalid_signature"} 1.0' in shown
    assert "thumbsmith_jobs_due 3.0" in shown
    assert "thumbsmith_oldest_due_seconds 1.5" in shown
    assert "thumbsmith_database_up 1.0" in shown
    sidecar.store.answers["queue_metrics"] = DatabaseUnavailableError()
    assert "thumbsmith_database_up 0.0" in metrics()
