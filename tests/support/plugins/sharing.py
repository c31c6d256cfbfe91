"""Tests of one worker share what is dear to start: each stack runs once, not once a worker.

A test belongs to the stack that it uses; every other test belongs to its file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from xdist.scheduler import LoadGroupScheduling  # type: ignore[import-untyped]

if TYPE_CHECKING:
    from xdist.remote import Producer  # type: ignore[import-untyped]

# Fixtures that run a stack for a whole session.
SHARED = ("stack", "shared_processes", "http_world", "platform")


class Scheduler(LoadGroupScheduling):  # type: ignore[misc]
    """Gives a worker all tests of a stack, or all of a file."""

    def _split_scope(self, nodeid: str) -> str:
        group: str = super()._split_scope(nodeid)
        return nodeid.partition("::")[0] if group == nodeid else group


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Scheduler | None:
    """Schedule by stack and file unless the command line says otherwise."""
    return Scheduler(config, log) if config.getoption("dist") == "loadgroup" else None


def group_of(item: pytest.Item) -> str:
    """Return the stack that a test shares, or nothing."""
    used = getattr(item, "fixturenames", ())
    return next((name for name in SHARED if name in used), "")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark each test with what it shares."""
    for item in items:
        if group := group_of(item):
            item.add_marker(pytest.mark.xdist_group(group))
