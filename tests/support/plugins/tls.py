"""One TLS context for every client that a worker makes.

A client of httpx loads all certificates of the world when it is made, and takes 15 ms for it; most
are made for one call of a server on this machine.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import httpx
import pytest


@pytest.fixture(scope="session", autouse=True)
def _one_tls_context() -> Iterator[None]:
    """Yield clients that ask for the same context the same one."""
    with pytest.MonkeyPatch.context() as patch:
        place = "httpx._transports.default.create_ssl_context"
        patch.setattr(place, cache(httpx.create_ssl_context))
        yield
