"""Calls that go wrong on the way there and on the way back."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
import stripe

from tests.support.stand_ins.stripe.stand_in import KEY, StandIn

if TYPE_CHECKING:
    from collections.abc import Callable


def _made(stand_in: StandIn, email: str) -> int:
    return len(stand_in.client.v1.customers.list({"email": email}).data)


def _create(stand_in: StandIn, email: str, key: str, **client: Any) -> stripe.Customer:
    used = stand_in.client_with(KEY, **client) if client else stand_in.client
    return used.v1.customers.create({"email": email}, {"idempotency_key": key})


@pytest.fixture
def email() -> str:
    return f"{uuid.uuid4().hex}@example.com"


def test_the_same_key_gives_the_same_answer(stand_in: StandIn, email: str) -> None:
    first, second = (_create(stand_in, email, email) for _ in range(2))
    assert (first.id, _made(stand_in, email)) == (second.id, 1)
    headers = {"idempotency-key": email}
    again = stand_in.raw("POST", "/v1/customers", data={"email": email}, headers=headers)
    assert again.json()["id"] == first.id
    assert again.headers["idempotent-replayed"] == "true"
    assert again.headers["original-request"] != again.headers["request-id"]
    assert _create(stand_in, email, email + "2").id != first.id


def test_the_same_key_with_another_request_is_refused(stand_in: StandIn, email: str) -> None:
    first = _create(stand_in, email, email)
    with pytest.raises(stripe.IdempotencyError, match="same parameters") as caught:
        stand_in.client.v1.customers.create({"email": "other@x.org"}, {"idempotency_key": email})
    assert caught.value.http_status == 400
    with pytest.raises(stripe.IdempotencyError, match="same endpoint"):
        stand_in.client.v1.customers.update(first.id, {"name": "X"}, {"idempotency_key": email})
    with pytest.raises(stripe.InvalidRequestError, match="at most 255"):
        _create(stand_in, email, "k" * 256)
    assert _create(stand_in, email, email.ljust(255, "k")).id.startswith("cus_")


def test_a_key_is_forgotten_after_a_day(stand_in: StandIn, email: str) -> None:
    first = _create(stand_in, email, email)
    stand_in.post("/_clock", advance_seconds=86_000)
    assert _create(stand_in, email, email).id == first.id
    stand_in.post("/_clock", advance_seconds=500)
    assert _create(stand_in, email, email).id != first.id


def test_a_stored_500_comes_back_although_the_work_was_done(stand_in: StandIn, email: str) -> None:
    stand_in.faults(error_after_next=1)
    for _ in range(2):
        with pytest.raises(stripe.APIError) as caught:
            _create(stand_in, email, email)
        assert caught.value.http_status == 500
    assert _made(stand_in, email) == 1
    assert _create(stand_in, email, email + "2").id.startswith("cus_")


def test_a_500_before_the_work_leaves_the_key_free(stand_in: StandIn, email: str) -> None:
    stand_in.faults(error_before_next=1)
    with pytest.raises(stripe.APIError):
        _create(stand_in, email, email)
    assert _made(stand_in, email) == 0
    assert _create(stand_in, email, email).id.startswith("cus_")


def test_too_many_calls_are_429_and_nothing_is_done(stand_in: StandIn, email: str) -> None:
    stand_in.faults(rate_limit_next=1, on_path="/v1/customers")
    assert stand_in.price().id.startswith("price_")
    with pytest.raises(stripe.RateLimitError) as caught:
        _create(stand_in, email, email)
    assert (caught.value.http_status, _made(stand_in, email)) == (429, 0)
    assert _create(stand_in, email, email).id.startswith("cus_")


@pytest.mark.parametrize("fault", ["gateway_error_after_next", "drop_after_next"])
def test_an_answer_lost_on_the_way_back_is_found_by_its_key(
    stand_in: StandIn, email: str, fault: str
) -> None:
    stand_in.faults(**{fault: 1})
    with pytest.raises((stripe.APIError, stripe.APIConnectionError)):
        _create(stand_in, email, email)
    assert _create(stand_in, email, email).email == email
    assert _made(stand_in, email) == 1


def test_a_silent_answer_is_given_up_and_found_by_its_key(stand_in: StandIn, email: str) -> None:
    stand_in.faults(hang_after_next=1, hang_seconds=3)
    impatient = stripe.RequestsClient(timeout=0.5)
    with pytest.raises(stripe.APIConnectionError):
        _create(stand_in, email, email, http_client=impatient)
    assert _create(stand_in, email, email).email == email
    assert _made(stand_in, email) == 1


def test_the_client_tries_again_by_itself_when_told_to(stand_in: StandIn, email: str) -> None:
    stand_in.faults(gateway_error_after_next=1)
    made = _create(stand_in, email, email, max_network_retries=2)
    assert (made.email, _made(stand_in, email)) == (email, 1)


def test_a_key_in_use_is_409(stand_in: StandIn, email: str) -> None:
    stand_in.faults(slow_next=1, slow_seconds=1.0)

    def call() -> int:
        headers = {"idempotency-key": email}
        data = {"email": email}
        return stand_in.raw("POST", "/v1/customers", data=data, headers=headers).status_code

    with ThreadPoolExecutor(2) as pool:
        found = sorted(future.result() for future in [pool.submit(call) for _ in range(2)])
    assert found == [200, 409]
    assert (call(), _made(stand_in, email)) == (200, 1)


def test_reads_can_go_wrong_too(stand_in: StandIn) -> None:
    stand_in.faults(on_method="GET", error_before_next=1)
    assert stand_in.customer().id
    with pytest.raises(stripe.APIError):
        stand_in.client.v1.customers.list()
    assert stand_in.client.v1.customers.list().data


@pytest.mark.parametrize(
    "wanted",
    [
        {"no_such_fault": 1},
        {"signature": "none"},
        {"rate_limit_next": "1"},
        {"rate_limit_next": True},
        {"reorder_events": 1},
    ],
)
def test_unknown_faults_are_refused_as_a_whole(stand_in: StandIn, wanted: dict[str, Any]) -> None:
    before = stand_in.get("/_faults")
    assert stand_in.post("/_faults", **({"duplicate_events": 1} | wanted)).status_code == 422
    assert stand_in.get("/_faults") == before
    assert stand_in.post("/_faults", duplicate_events=1).status_code == 200
    assert stand_in.get("/_faults")["faults"]["duplicate_events"] == 1


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("/_clock", {"advance_weeks": 1}),
        ("/_clock", {"advance_days": "1"}),
        ("/_clock", {"advance_days": 1, "advance_months": 1}),
        ("/_config", {"event_shape": "fat"}),
        ("/_config", {"dunning_ends": "never"}),
        ("/_config", {"self_url": "http://127.0.0.1:1"}),
        ("/_config", {"webhook_secret": None}),
        ("/_deliveries", {"event": "evt_nobody"}),
    ],
)
def test_wrong_orders_are_refused(stand_in: StandIn, path: str, wanted: dict[str, Any]) -> None:
    assert stand_in.post(path, **wanted).status_code in {404, 422}


@pytest.mark.parametrize("body", [b"not json", b"[]"])
def test_bodies_that_are_no_object_are_refused(stand_in: StandIn, body: bytes) -> None:
    ask: Callable[..., Any] = stand_in.http.post
    for path in ("/_clock", "/_config", "/_faults", "/_actions/pay", "/_deliveries"):
        assert ask(path, content=body).status_code in {400, 422}
