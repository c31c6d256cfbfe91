"""Is a server ready? Small questions with short deadlines."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import httpx
import psycopg

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

_CLIENT_TIMEOUT = 1.0


def http_ok(url: str, *, contains: str = "") -> Callable[[], bool]:
    """Return a probe that asks whether `url` answers 200, with `contains` in its body."""

    def probe() -> bool:
        try:
            # never through a proxy of the environment: everything is on this machine
            with httpx.Client(trust_env=False, timeout=_CLIENT_TIMEOUT, verify=_tls()) as client:
                answer = client.get(url)
        except httpx.HTTPError:
            return False
        return answer.status_code == httpx.codes.OK and contains in answer.text

    return probe


@cache
def _tls() -> ssl.SSLContext:
    """Load the certificates once: it takes longer than many questions, which come all the time."""
    return httpx.create_ssl_context(trust_env=False)


def database_ok(url: str) -> Callable[[], bool]:
    """Return a probe that asks whether the database accepts a connection."""

    def probe() -> bool:
        try:
            with psycopg.connect(url, connect_timeout=2):
                return True
        except psycopg.OperationalError:
            return False

    return probe
