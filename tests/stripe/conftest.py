"""One stand-in for the tests of a module; each test starts without faults and without listeners."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.stripe.stand_in import StandIn, running

if TYPE_CHECKING:
    from collections.abc import Iterator


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
