"""Jobs that delete: each does what the database names, and passes the answer on."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, cast

import pytest

from functions_py.errors import RejectedError, TransientError
from functions_py.jobs import Jobs, failure
from functions_py.reports import JobFailed, Removed
from functions_py.store import Job
from functions_py.stripe_gateway import StripeGateway
from tests.support.sidecar.helpers import FileStore, values_of
from tests.support.sidecar.stripe_calls import create, gateway_to, read, refused
from tests.support.stand_ins.stripe.stand_in import DONE, StandIn

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture
def stand_in(stripe_stand_in: StandIn) -> StandIn:
    return stripe_stand_in


class Bin(FileStore):
    """Storage and Auth that remember what they deleted."""

    def __init__(self) -> None:
        super().__init__()
        self.deleted: list[tuple[str, ...]] = []

    async def remove(self, bucket: str, names: list[str]) -> dict[str, Any]:
        self.deleted.append((bucket, *names))
        return {"bucket": bucket, "status": 200, "removed": names}

    async def delete_user(self, user_id: str) -> dict[str, Any]:
        self.deleted.append((user_id,))
        return {"user_id": user_id, "status": 200}


@pytest.fixture
async def gateway(stand_in: StandIn) -> AsyncIterator[StripeGateway]:
    async with gateway_to(stand_in.url) as made:
        yield made


def jobs_with(files: Bin, stripe: StripeGateway | None = None) -> Jobs:
    nobody = cast("Any", None)
    return Jobs(nobody, files, nobody, "https://sidecar.example.com", stripe)


@pytest.mark.parametrize("kind", ["remove_user_image", "erase"])
async def test_files_and_people_are_deleted_as_the_database_says(kind: str) -> None:
    files = Bin()
    handler = jobs_with(files).handlers[kind]
    told = await handler(
        {"target": "storage", "bucket": "faces", "names": ["u1/a.png", "u1/b.png"]}
    )
    answer = {"bucket": "faces", "status": 200, "removed": ["u1/a.png", "u1/b.png"]}
    assert told == Removed(answer)
    assert await handler({"target": "auth", "user_id": "u1"}) == Removed(
        {"user_id": "u1", "status": 200}
    )
    assert files.deleted == [("faces", "u1/a.png", "u1/b.png"), ("u1",)]


async def test_a_customer_is_deleted_at_stripe_with_its_subscriptions(
    stand_in: StandIn, gateway: StripeGateway
) -> None:
    customer = await gateway.call(create(f"{uuid.uuid4().hex}@example.com"))
    wanted = {
        "mode": "subscription",
        "customer": customer["id"],
        "line_items": [{"price": stand_in.monthly().id, "quantity": 1}],
        "success_url": DONE,
    }
    key = {"idempotency_key": uuid.uuid4().hex}
    session = await gateway.call(read("checkout.sessions.create", **wanted) | key)
    plan = stand_in.act("pay", session=session["id"]).id("subscription")
    erase = jobs_with(Bin(), gateway).handlers["erase"]
    payload = {"target": "stripe", "call": "customers.delete", "id": customer["id"]}
    report = await erase(payload)
    (answer,) = values_of(report)
    assert (report.name, answer) == (
        "removed",
        {"id": customer["id"], "object": "customer", "deleted": True},
    )
    found = await gateway.call(read("subscriptions.retrieve", plan))
    assert (found["status"], found["customer"]) == ("canceled", customer["id"])
    # Who is gone is gone: the database takes it for done.
    with pytest.raises(RejectedError) as caught:
        await erase(payload)
    assert caught.value.slug == "stripe_missing"


async def test_an_open_page_is_expired_and_a_paid_one_is_not(
    stand_in: StandIn, gateway: StripeGateway
) -> None:
    customer = await gateway.call(create(f"{uuid.uuid4().hex}@example.com"))
    wanted = {
        "mode": "payment",
        "customer": customer["id"],
        "line_items": [{"price": stand_in.price().id, "quantity": 1}],
        "success_url": DONE,
    }
    sessions = []
    for _ in range(2):
        key = {"idempotency_key": uuid.uuid4().hex}
        sessions.append(await gateway.call(read("checkout.sessions.create", **wanted) | key))
    unpaid, paid = (session["id"] for session in sessions)
    stand_in.act("pay", session=paid)
    erase = jobs_with(Bin(), gateway).handlers["erase"]
    payload = {"target": "stripe", "call": "checkout.sessions.expire", "id": unpaid}
    answer = values_of(await erase(payload))[0]
    assert isinstance(answer, dict)
    assert (answer["object"], answer["status"]) == ("checkout.session", "expired")
    for session in (paid, unpaid):
        error = await refused(gateway, {"call": "checkout.sessions.expire", "id": session})
        assert (type(error), error.slug) == (RejectedError, "stripe_refused")


@pytest.mark.parametrize("call", ["customers.delete", "checkout.sessions.expire"])
async def test_nothing_is_ended_without_a_plain_id(gateway: StripeGateway, call: str) -> None:
    for bad in (None, "", "..", "cus_1/sources", "cus_1?x=y"):
        error = await refused(gateway, {"call": call, "id": bad})
        assert (type(error), error.slug) == (RejectedError, "stripe_missing"), bad
    error = await refused(gateway, {"call": call.replace(".", ".all."), "id": "cus_1"})
    assert error.slug == "internal_error"


async def test_a_customer_waits_for_a_stripe_that_is_set_up() -> None:
    erase = jobs_with(Bin()).handlers["erase"]
    with pytest.raises(TransientError) as caught:
        await erase({"target": "stripe", "call": "customers.delete", "id": "cus_1"})
    job = Job(uuid.uuid4(), 1, uuid.uuid4(), "erase", None, 1, {})
    assert failure(job, caught.value) == JobFailed(
        "stripe_unreachable", "not configured", is_permanent=False
    )
    # And one without any customer does not.
    assert (await erase({"target": "auth", "user_id": "u1"})).name == "removed"
