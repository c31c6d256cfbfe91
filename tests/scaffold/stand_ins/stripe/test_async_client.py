"""The asynchronous client of the SDK."""

from __future__ import annotations

import asyncio
import json

import pytest
import stripe

from tests.support.stand_ins.stripe.receiver import receiver
from tests.support.stand_ins.stripe.stand_in import DONE, SECRET, StandIn

# The SDK calls httpx in a way that httpx wants to give up.
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")


async def test_a_session_is_made_read_and_listed(
    stand_in: StandIn, async_client: stripe.StripeClient
) -> None:
    v1 = async_client.v1
    emails = [f"a{n}@example.com" for n in range(4)]
    made = await asyncio.gather(*(v1.customers.create_async({"email": one}) for one in emails))
    assert len({one.id for one in made}) == 4
    session = await v1.checkout.sessions.create_async(
        {
            "mode": "payment",
            "customer": made[2].id,
            "line_items": [{"price": stand_in.price().id, "quantity": 1}],
            "success_url": DONE,
        },
        {"idempotency_key": f"session-{made[2].id}"},
    )
    stand_in.act("pay", session=session.id)
    found = await v1.checkout.sessions.retrieve_async(session.id, {"expand": ["customer"]})
    assert found.payment_status == "paid"
    assert found.to_dict()["customer"]["email"] == "a2@example.com"
    listed = await v1.payment_intents.list_async({"customer": made[2].id})
    assert [one.id async for one in listed.auto_paging_iter()] == [found.payment_intent]


async def test_the_same_key_is_replayed_and_another_request_refused(
    stand_in: StandIn, async_client: stripe.StripeClient
) -> None:
    options: stripe.RequestOptions = {"idempotency_key": f"async-{stand_in.customer().id}"}
    customers = async_client.v1.customers
    made = [await customers.create_async({"email": "k@example.com"}, options) for _ in range(2)]
    assert made[0].id == made[1].id
    with pytest.raises(stripe.IdempotencyError):
        await customers.create_async({"email": "l@example.com"}, options)


async def test_thin_notifications_are_fetched_by_their_ids(
    stand_in: StandIn, async_client: stripe.StripeClient
) -> None:
    with receiver() as inbox:
        stand_in.configure(webhook_url=inbox.url, event_shape="thin")
        made = stand_in.customer()
        (got,) = inbox.wait(1)
        stand_in.configure(webhook_url=None)
    notice = async_client.parse_event_notification(got.body, got.signature, SECRET)
    event = await async_client.v2.core.events.retrieve_async(notice.id)
    customer = await async_client.v1.customers.retrieve_async(made.id)
    assert json.loads(got.body)["related_object"]["id"] == customer.id
    assert (event.type, event.id) == ("v1.customer.created", notice.id)
    # What 16.1 offers for it asks with a parameter (`usage`) that no operation has.
    with pytest.raises(stripe.InvalidRequestError, match="unknown parameter: usage"):
        await notice.fetch_event_async()
    waiting = stand_in.client.parse_event_notification(got.body, got.signature, SECRET)
    assert waiting.fetch_event().id == notice.id
