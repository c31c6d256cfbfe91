"""How the suite runs: the long tier, the number of workers, and what begins first."""

from __future__ import annotations

import os

import pytest

from local_stack import install


def pytest_configure(config: pytest.Config) -> None:
    """Install the Node.js packages, once and before any worker starts."""
    if not hasattr(config, "workerinput"):
        install.ensure_node_modules()


def pytest_xdist_auto_num_workers() -> int:
    """Run one worker more than there are processors: many tests wait for something."""
    return (os.cpu_count() or 1) + 1


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add --full, which runs the long tests too."""
    parser.addoption("--full", action="store_true", help="run the long tests too")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the long tests out unless they are asked for."""
    if config.getoption("--full"):
        return
    reason = pytest.mark.skip(reason="a long test: scripts/test --full runs it")
    for item in items:
        if "full" in item.keywords:
            item.add_marker(reason)
