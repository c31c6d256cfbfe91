"""One stand-in for the tests of a module; each test starts without faults.

Not one for all: the SDK cannot list predictions once one of them was aborted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.scaffold.stand_ins.replicate.stand_in import StandIn, running

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def stand_in_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIn]:
    with running(tmp_path_factory.mktemp("stand_in")) as stand_in:
        yield stand_in


@pytest.fixture
def stand_in(stand_in_process: StandIn) -> Iterator[StandIn]:
    stand_in_process.faults(reset=True)
    yield stand_in_process
    stand_in_process.faults(reset=True)
