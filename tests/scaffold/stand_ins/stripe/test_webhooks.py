"""Signed deliveries of both shapes, as the official client reads them."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest
import stripe

from tests.support.stand_ins.stripe.receiver import Received, Receiver, receiver
from tests.support.stand_ins.stripe.stand_in import OLD_SECRET, SECRET, StandIn
from tests.support.waiting import eventually

if TYPE_CHECKING:
    pass


def _event(stand_in: StandIn, got: Received, secret: str = SECRET) -> stripe.Event:
    return stand_in.client.construct_event(got.body, got.signature, secret)


def _types(inbox: Receiver) -> list[str]:
    return [json.loads(one.body)["type"] for one in inbox.received]


def test_snapshots_carry_the_object_and_a_signature_that_the_client_accepts(
    stand_in: StandIn, inbox: Receiver
) -> None:
    options: stripe.RequestOptions = {"idempotency_key": f"c-{time.time_ns()}"}
    made = stand_in.client.v1.customers.create({"email": "w@example.com"}, options)
    event = _event(stand_in, inbox.wait(1)[0])
    assert (event.type, event.api_version) == ("customer.created", "2026-10-28.endive")
    assert event.data.object["id"] == made.id
    assert event.request is not None
    assert event.request.idempotency_key == options["idempotency_key"]
    changed = stand_in.client.v1.customers.update(made.id, {"name": "New"})
    second = _event(stand_in, inbox.wait(2)[1])
    assert second.data.to_dict()["previous_attributes"] == {"name": None}
    assert second.data.object["name"] == changed.name
    with pytest.raises(stripe.SignatureVerificationError):
        _event(stand_in, inbox.received[0], OLD_SECRET)
    assert _event(stand_in, inbox.received[0], SECRET).id == event.id


def test_thin_notifications_carry_ids_and_fetch_the_rest(
    stand_in: StandIn, inbox: Receiver
) -> None:
    stand_in.configure(event_shape="thin")
    made = stand_in.customer()
    stand_in.client.v1.customers.update(made.id, {"name": "Thin"})
    found: dict[str, Any] = {}
    for got in inbox.wait(2):
        assert "data" not in json.loads(got.body)
        notice = stand_in.client.parse_event_notification(got.body, got.signature, SECRET)
        found[notice.type] = notice
    assert set(found) == {"v1.customer.created", "v1.customer.updated"}
    notice = found["v1.customer.updated"]
    assert (notice.related_object.id, notice.related_object.type) == (made.id, "customer")
    assert notice.fetch_related_object().name == "Thin"
    event = notice.fetch_event().to_dict()
    assert event["changes"] == {"before": {"name": "Ana"}, "after": {"name": "Thin"}}
    twin = stand_in.client.v1.events.retrieve(event["snapshot_event"])
    assert twin.type == "customer.updated"


def test_an_event_of_every_kind_of_money_has_a_class_of_its_own(
    stand_in: StandIn, inbox: Receiver
) -> None:
    stand_in.configure(event_shape="thin")
    bought = stand_in.subscribed()
    stand_in.act("refund", invoice=bought.id("invoice"), amount=100)
    stand_in.act("dispute", invoice=bought.id("invoice"))
    stand_in.settled()
    for got in inbox.received:
        notice = stand_in.client.parse_event_notification(got.body, got.signature, SECRET)
        assert not isinstance(notice, stripe.events.UnknownEventNotification), notice.type


def test_an_event_is_sent_again_until_it_is_taken(stand_in: StandIn) -> None:
    with receiver(500, 302, 404) as slow:
        stand_in.configure(webhook_url=slow.url)
        made = stand_in.customer()
        slow.wait(4)
        (event_id,) = {json.loads(one.body)["id"] for one in slow.received}
        attempts = stand_in.get("/_deliveries", event=event_id, settle=1)["attempts"]
        stand_in.configure(webhook_url=None)
    outcomes = [(one["outcome"], one["status"]) for one in attempts]
    assert outcomes == [("refused", 500), ("refused", 302), ("refused", 404), ("taken", 200)]
    assert len({one.body for one in slow.received}) == 1
    assert stand_in.client.v1.events.retrieve(event_id).data.object["id"] == made.id


def test_duplicates_carry_the_same_id(stand_in: StandIn, inbox: Receiver) -> None:
    stand_in.faults(duplicate_events=2)
    stand_in.customer()
    assert len({json.loads(one.body)["id"] for one in inbox.wait(3)}) == 1
    stand_in.settled()
    assert len(inbox.received) == 3


def test_events_come_in_another_order_than_they_happened(
    stand_in: StandIn, inbox: Receiver
) -> None:
    stand_in.faults(reorder_events=True, reorder_seconds=0.4)
    made = [stand_in.customer().id for _ in range(12)]
    got = [_event(stand_in, one).data.object["id"] for one in inbox.wait(12)]
    assert got != made
    assert sorted(got) == sorted(made)


def test_events_come_late(stand_in: StandIn, inbox: Receiver) -> None:
    stand_in.faults(delay_seconds=0.5)
    started = time.monotonic()
    stand_in.customer()
    inbox.wait(1)
    assert time.monotonic() - started >= 0.5


@pytest.mark.parametrize(
    ("switches", "expected"),
    [
        ({"drop_events_next": 1}, 1),
        ({"drop_events_percent": 100}, 0),
        ({"deliver_to_nobody": True}, 0),
    ],
)
def test_lost_events_are_found_in_the_list_and_can_be_sent_again(
    stand_in: StandIn, inbox: Receiver, switches: dict[str, Any], expected: int
) -> None:
    stand_in.faults(**switches)
    made = [stand_in.customer().id for _ in range(2)]
    stand_in.settled()
    assert len(inbox.received) == expected
    events = stand_in.client.v1.events
    query: stripe.params.EventListParams = {
        "delivery_success": False,
        "types": ["customer.created"],
    }
    lost = [one for one in events.list(query).data if one.data.object["id"] in made]
    assert len(lost) == 2 - expected
    assert all(one.pending_webhooks == 1 for one in lost)
    for one in lost:
        assert stand_in.post("/_deliveries", event=one.id).json() == {"sent": 1}
    eventually(lambda: len(inbox.received) == 2)
    stand_in.settled()
    assert [one for one in events.list(query).data if one.data.object["id"] in made] == []


@pytest.mark.parametrize(
    ("signature", "accepted"),
    [
        ("current", {SECRET}),
        ("old", {OLD_SECRET}),
        ("both", {SECRET, OLD_SECRET}),
        ("wrong", set()),
    ],
)
def test_events_are_signed_by_the_secret_that_was_chosen(
    stand_in: StandIn, inbox: Receiver, signature: str, accepted: set[str]
) -> None:
    stand_in.faults(signature=signature)
    stand_in.customer()
    (got,) = inbox.wait(1)
    for secret in (SECRET, OLD_SECRET):
        if secret in accepted:
            assert _event(stand_in, got, secret).type == "customer.created"
        else:
            with pytest.raises(stripe.SignatureVerificationError):
                _event(stand_in, got, secret)


def test_a_signature_can_be_too_old(stand_in: StandIn, inbox: Receiver) -> None:
    stand_in.faults(signed_seconds_ago=290)
    stand_in.customer()
    assert _event(stand_in, inbox.wait(1)[0]).type == "customer.created"
    stand_in.faults(signed_seconds_ago=400)
    stand_in.customer()
    with pytest.raises(stripe.SignatureVerificationError, match="tolerance"):
        _event(stand_in, inbox.wait(2)[1])


def test_an_endpoint_has_its_own_secret_and_hears_only_what_it_asked_for(
    stand_in: StandIn, inbox: Receiver
) -> None:
    endpoints = stand_in.client.v1.webhook_endpoints
    with receiver() as own:
        made = endpoints.create(
            {
                "url": own.url,
                "enabled_events": ["checkout.session.completed"],
                "api_version": "2026-10-28.endive",
            }
        )
        secret = made.secret or pytest.fail("no secret")
        assert "secret" not in endpoints.retrieve(made.id)
        bought = stand_in.paid()
        event = _event(stand_in, own.wait(1)[0], secret)
        assert event.data.object["id"] == bought.id("checkout.session")
        with pytest.raises(stripe.SignatureVerificationError):
            _event(stand_in, own.received[0])
        endpoints.update(made.id, {"disabled": True})
        stand_in.paid()
        stand_in.settled()
        assert len(own.received) == 1
        endpoints.update(made.id, {"disabled": False, "enabled_events": ["*"]})
        stand_in.customer()
        own.wait(2)
        endpoints.delete(made.id)
    assert made.id not in [one.id for one in endpoints.list().data]
    assert _types(inbox).count("checkout.session.completed") == 2
