"""A stack for tests that make things go wrong, and a driver of Stripe's pages."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from local_stack.stack import Stack
from tests.support.database import Database
from tests.support.end_to_end.checkout_driver import CheckoutDriver
from tests.support.end_to_end.sidecar_processes import SidecarProcesses, running
from tests.support.rest import Caller
from tests.support.stand_ins.stripe.stand_in import StandIn


@pytest.fixture(scope="session")
def shared_processes() -> Iterator[SidecarProcesses]:
    """Run a stack with one sidecar for all tests of a broken provider."""
    with running(1) as processes:
        yield processes


@pytest.fixture
def sidecar_processes(shared_processes: SidecarProcesses) -> Iterator[SidecarProcesses]:
    """Yield that stack; the provider behaves before and after."""
    shared_processes.faults(reset=True)
    try:
        yield shared_processes
    finally:
        shared_processes.faults(reset=True)


@pytest.fixture
def person(sidecar_processes: SidecarProcesses) -> Iterator[Caller]:
    """Sign somebody up in that stack."""
    caller = sidecar_processes.sign_up()
    try:
        yield caller
    finally:
        caller.http.close()


@pytest.fixture
def checkout_driver(stack: Stack) -> Iterator[CheckoutDriver]:
    """Drive Stripe's pages on the shared stack; Stripe behaves again afterwards."""
    stand_in = StandIn(stack.env["STRIPE_API_BASE"], stack.env["STRIPE_SECRET_KEY"])
    with stand_in.http, closing(Database(stack.db_url)) as database:
        try:
            yield CheckoutDriver(stack, stand_in, database)
        finally:
            stand_in.faults(reset=True)
            stand_in.configure(event_shape="snapshot")
            stand_in.settled()
