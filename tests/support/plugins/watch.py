"""A watch over the whole run: no secret may appear where it should not be."""

from __future__ import annotations

from collections.abc import Generator, Iterator

import pytest

from tests.support import canaries, watch


@pytest.fixture(scope="session", autouse=True)
def _watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Look for secrets in all that happens; the first to begin is the last to end."""
    with watch.watching():
        yield
        canaries.look_at_folder(tmp_path_factory.getbasetemp())
        canaries.look_at_processes()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Make a test fail during which a secret was found where it should not be."""
    report = yield
    watch.judge(report)
    return report
