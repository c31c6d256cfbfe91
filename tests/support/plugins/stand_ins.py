"""The stand-ins of Stripe and Replicate: one process a module; no fault outlives a test.

Not one process for all: Replicate's SDK cannot list predictions once one of them was aborted.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
import stripe

from tests.support.stand_ins.replicate import stand_in as replicate_stand_ins
from tests.support.stand_ins.stripe import stand_in as stripe_stand_ins
from tests.support.stand_ins.stripe.nursery import NURSERY
from tests.support.stand_ins.stripe.receiver import Receiver, receiver

CALM = {"webhook_url": None, "event_shape": "snapshot", "dunning_ends": "canceled"}


@pytest.fixture(scope="session", autouse=True)
def _nursery_ends() -> Iterator[None]:
    """End the process that forks stand-ins of Stripe with the run, where a test has started it."""
    yield
    NURSERY.close()


@pytest.fixture(scope="module")
def stripe_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[stripe_stand_ins.StandIn]:
    """Run the stand-in of Stripe for a module."""
    with stripe_stand_ins.running(tmp_path_factory.mktemp("stripe")) as stand_in:
        yield stand_in


@pytest.fixture
def stripe_stand_in(
    stripe_process: stripe_stand_ins.StandIn,
) -> Iterator[stripe_stand_ins.StandIn]:
    """Yield the stand-in of Stripe, without faults and without listeners."""
    stripe_process.faults(reset=True)
    stripe_process.configure(**CALM)
    yield stripe_process
    stripe_process.faults(reset=True)
    stripe_process.configure(**CALM)


@pytest.fixture
async def async_stripe_client(
    stripe_stand_in: stripe_stand_ins.StandIn,
) -> AsyncIterator[stripe.StripeClient]:
    """Yield the official client, to be awaited."""
    http = stripe.HTTPXClient(timeout=10)
    yield stripe_stand_in.client_with(stripe_stand_ins.KEY, http_client=http)
    await http.close_async()  # type: ignore[no-untyped-call]


@pytest.fixture
def stripe_inbox(stripe_stand_in: stripe_stand_ins.StandIn) -> Iterator[Receiver]:
    """Receive the webhooks of the stand-in of Stripe."""
    with receiver() as listening:
        stripe_stand_in.configure(webhook_url=listening.url)
        yield listening
        stripe_stand_in.faults(reset=True)
        stripe_stand_in.configure(webhook_url=None)
        stripe_stand_in.settled()


@pytest.fixture(scope="module")
def replicate_process(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[replicate_stand_ins.StandIn]:
    """Run the stand-in of Replicate for a module."""
    with replicate_stand_ins.running(tmp_path_factory.mktemp("replicate")) as stand_in:
        yield stand_in


@pytest.fixture
def replicate_stand_in(
    replicate_process: replicate_stand_ins.StandIn,
) -> Iterator[replicate_stand_ins.StandIn]:
    """Yield the stand-in of Replicate, without faults."""
    replicate_process.faults(reset=True)
    yield replicate_process
    replicate_process.faults(reset=True)
