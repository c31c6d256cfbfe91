"""When webhooks come, what they carry, and who signed them."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime

import httpx
import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from stand_ins.replicate.config import new_webhook_secret
from stand_ins.replicate.faults import Faults
from stand_ins.replicate.state import State
from stand_ins.replicate.webhooks import WebhookSender
from tests.support.stand_ins.replicate.stand_in import StandIn, receiver


def statuses(bodies: list[bytes]) -> list[str]:
    return [json.loads(body)["status"] for body in bodies]


def test_start_and_completed_come_signed_and_in_order(stand_in: StandIn) -> None:
    with receiver() as hook:
        made = stand_in.create(
            "hi",
            webhook=f"{hook.url}?attempt=7",
            webhook_events_filter=["start", "completed"],
        )
        got = hook.wait(2)
    assert made["webhook"] == f"{hook.url}?attempt=7"
    assert [entry.path for entry in got] == ["/hook?attempt=7"] * 2
    assert statuses([entry.body for entry in got]) == ["processing", "succeeded"]
    for entry in got:
        assert Webhook(stand_in.secret).verify(entry.body, entry.headers)["id"] == made["id"]
        with pytest.raises(WebhookVerificationError):
            Webhook(new_webhook_secret()).verify(entry.body, entry.headers)
        with pytest.raises(WebhookVerificationError):
            Webhook(stand_in.secret).verify(entry.body + b" ", entry.headers)


def test_only_the_events_that_were_asked_for_come(stand_in: StandIn) -> None:
    with receiver() as hook:
        stand_in.create("hi", webhook=hook.url, webhook_events_filter=["completed"])
        assert statuses([entry.body for entry in hook.wait(1)]) == ["succeeded"]


def test_a_webhook_that_was_not_taken_comes_again_with_the_same_id(stand_in: StandIn) -> None:
    with receiver(503, 500) as hook:
        stand_in.create("hi", webhook=hook.url, webhook_events_filter=["completed"])
        got = hook.wait(3)
    assert len({entry.headers["webhook-id"] for entry in got}) == 1
    assert len({entry.body for entry in got}) == 1


def test_duplicates_drops_and_delays_can_be_switched_on(stand_in: StandIn) -> None:
    wanted = {"webhook_events_filter": ["completed"]}
    with receiver() as hook:
        stand_in.faults(drop_webhooks=True)
        lost = stand_in.create("hi", webhook=hook.url, **wanted)
        stand_in.wait(lost["id"], "succeeded")
        stand_in.faults(drop_webhooks=False, duplicate_webhooks=True)
        twice = stand_in.create("hi", webhook=hook.url, **wanted)
        got = hook.wait(2)
        assert {json.loads(entry.body)["id"] for entry in got} == {twice["id"]}
        assert len({entry.headers["webhook-id"] for entry in got}) == 1
        stand_in.faults(duplicate_webhooks=False, webhook_delay_seconds=0.5)
        late = stand_in.create("hi", webhook=hook.url, **wanted)
        ended = stand_in.wait(late["id"], "succeeded")
        assert len(hook.received) == 2
        assert json.loads(hook.wait(3)[2].body)["id"] == ended["id"]


def test_a_webhook_must_be_https_or_on_this_machine(stand_in: StandIn) -> None:
    path = "/v1/models/google/nano-banana-2/predictions"
    for webhook in ("http://example.com/hook", "ftp://127.0.0.1/hook", 3):
        body = {"input": {"prompt": "hi"}, "webhook": webhook}
        assert stand_in.api("POST", path, json=body).status_code == 422, webhook
    with receiver() as hook:
        stand_in.create("hi", webhook=hook.url)


# printf %s MESSAGE | openssl dgst -sha256 -hmac KEY -binary | base64
# where MESSAGE is msg_1.1700000000.{"id":"p1"}
KEY = "0123456789abcdef01234567"
VECTOR = "v1,e5QxBq96xsQ7Kzr6+kTKG3cEfDfSgALH+ZvX5qHP2Pw="


def test_the_signature_equals_one_worked_out_by_hand() -> None:
    secret = "whsec_" + base64.b64encode(KEY.encode()).decode()
    moment = datetime.fromtimestamp(1_700_000_000, UTC)
    assert Webhook(secret).sign("msg_1", moment, '{"id":"p1"}') == VECTOR


def test_the_sender_signs_exactly_what_it_sends() -> None:
    async def send_one(url: str) -> None:
        secret = "whsec_" + base64.b64encode(KEY.encode()).decode()
        async with httpx.AsyncClient(trust_env=False) as http:
            state = State("http://127.0.0.1")
            prediction = state.add_prediction(
                "a/b", "v", {"input": {"prompt": "é"}, "webhook": url}
            )
            await WebhookSender(http, secret, Faults()).send(prediction, "completed")

    with receiver() as hook:
        asyncio.run(send_one(hook.url))
        (got,) = hook.wait(1)
    head = f"{got.headers['webhook-id']}.{got.headers['webhook-timestamp']}.".encode()
    digest = hmac.new(KEY.encode(), head + got.body, hashlib.sha256).digest()
    assert got.headers["webhook-signature"] == "v1," + base64.b64encode(digest).decode()
