"""One stand-in for the tests of a module; each test starts without faults and without listeners."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import stripe

from tests.scaffold.stand_ins.stripe.receiver import Receiver, receiver
from tests.scaffold.stand_ins.stripe.stand_in import KEY, StandIn, running

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator


@pytest.fixture(scope="module")
def stand_in_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIn]:
    with running(tmp_path_factory.mktemp("stripe")) as stand_in:
        yield stand_in


@pytest.fixture
def stand_in(stand_in_process: StandIn) -> Iterator[StandIn]:
    calm = {"webhook_url": None, "event_shape": "snapshot", "dunning_ends": "canceled"}
    stand_in_process.faults(reset=True)
    stand_in_process.configure(**calm)
    yield stand_in_process
    stand_in_process.faults(reset=True)
    stand_in_process.configure(**calm)


@pytest.fixture
async def async_client(stand_in: StandIn) -> AsyncIterator[stripe.StripeClient]:
    http = stripe.HTTPXClient(timeout=10)
    yield stand_in.client_with(KEY, http_client=http)
    await http.close_async()  # type: ignore[no-untyped-call]


@pytest.fixture
def inbox(stand_in: StandIn) -> Iterator[Receiver]:
    with receiver() as listening:
        stand_in.configure(webhook_url=listening.url)
        yield listening
        stand_in.faults(reset=True)
        stand_in.configure(webhook_url=None)
        stand_in.settled()
