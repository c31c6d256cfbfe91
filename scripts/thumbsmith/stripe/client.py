"""The official client of Stripe, over a transport of ours.

Its own transports turn a header of Stripe's into a Python warning, and follow the machine's proxy
settings to loopback addresses too.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import httpx
import stripe

from functions_py.payloads import headers_without, without

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# Per try; a call is repeated with the same idempotency key when no answer came.
_SECONDS = 20.0
_RETRIES = 2


@contextmanager
def opened(key: str, base: str, *, is_local: bool) -> Iterator[stripe.StripeClient]:
    """Yield a client for this key at this address."""
    # It would tell about this machine, and leave a file on it.
    stripe.enable_telemetry = False
    transport = _Transport(key, trust_env=not is_local)
    try:
        yield stripe.StripeClient(
            key,
            base_addresses={"api": base.rstrip("/")},
            max_network_retries=_RETRIES,
            http_client=transport,
        )
    finally:
        transport.close()


class _Transport(stripe.HTTPClient):
    """One request over httpx; the SDK decides whether to repeat it."""

    name = "httpx"

    def __init__(self, key: str, *, trust_env: bool) -> None:
        super().__init__()
        self._key = key
        self._http = httpx.Client(timeout=_SECONDS, trust_env=trust_env)

    def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        post_data: Any = None,
        *,
        _usage: list[str] | None = None,
    ) -> tuple[str, int, Mapping[str, str]]:
        """Send the request. Raises APIConnectionError with nothing but the kind of the error."""
        try:
            answer = self._http.request(method, url, headers=headers, content=post_data)
        except httpx.HTTPError as error:
            lost = stripe.APIConnectionError(type(error).__name__, should_retry=True)  # type: ignore[no-untyped-call]
            raise lost from None
        headers = headers_without(answer.headers, self._key)
        headers.pop("stripe-notice", None)
        said = without(answer.content, self._key).decode(errors="replace")
        return said, answer.status_code, headers

    def close(self) -> None:
        """Close the connections."""
        self._http.close()
