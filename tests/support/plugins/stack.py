"""The whole local stack, one for all tests that leave it running."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from local_stack.stack import Stack
from tests.support import templates
from thumbsmith.catalog.publish import publish_catalog


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """Run the whole local stack, sidecar and providers included."""
    with templates.stack(on_started=publish_catalog) as running:
        yield running
