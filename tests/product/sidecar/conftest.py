"""In this folder, the stand-in is the one of Replicate."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.support.stand_ins.replicate.stand_in import StandIn


@pytest.fixture
def stand_in(replicate_stand_in: StandIn) -> StandIn:
    return replicate_stand_in
