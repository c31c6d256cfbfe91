"""A world of its own for each module that makes things go wrong."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.product.end_to_end.fleet import World, world_with
from tests.support.rest import Caller


@pytest.fixture(scope="module")
def calm_world() -> Iterator[World]:
    """Run a stack with one sidecar of the module's own."""
    with world_with(1) as world:
        yield world


@pytest.fixture
def world(calm_world: World) -> Iterator[World]:
    """Give the module's world; the provider behaves before and after."""
    calm_world.faults(reset=True)
    try:
        yield calm_world
    finally:
        calm_world.faults(reset=True)


@pytest.fixture
def person(world: World) -> Iterator[Caller]:
    """Sign somebody up in the module's world."""
    caller = world.sign_up()
    try:
        yield caller
    finally:
        caller.http.close()
