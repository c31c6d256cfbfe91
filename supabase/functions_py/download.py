"""Fetches a provider's output as if the address came from an enemy."""

from __future__ import annotations

import asyncio
import ipaddress
import re
from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING

import httpx

from functions_py.addresses import is_public, resolve
from functions_py.errors import RejectedError, TransientError

if TYPE_CHECKING:
    import ssl

    from functions_py.addresses import Resolver

_TYPES = frozenset(
    {"image/png", "image/jpeg", "image/jpg", "image/webp"}
    | {"", "application/octet-stream", "binary/octet-stream"}
)
# The plainest form alone: on whatever else a URL may hold, parsers differ on where it leads.
_LABEL = "[a-z0-9-]{1,63}"
_PLAIN = re.compile(
    rf"https?://(\[::1\]|(?!xn--)(?=[^/:]{{1,253}}[/:]){_LABEL}(\.{_LABEL})*)(:\d+)?/[^#\\\s]*",
    re.ASCII | re.IGNORECASE,
)


@dataclass(frozen=True)
class Limits:
    """How much and how long."""

    max_bytes: int = 25 * 1024 * 1024
    total_seconds: float = 30.0
    connect_seconds: float = 5.0
    read_seconds: float = 10.0


class _CheckedTransport(httpx.AsyncBaseTransport):
    """Resolves the host itself and connects to the very address it has checked.

    A name that answers with another address the second time (DNS rebinding) gains nothing: there
    is no second time.
    """

    def __init__(self, tls: ssl.SSLContext, resolver: Resolver, *, loopback: bool) -> None:
        self._inner = httpx.AsyncHTTPTransport(verify=tls, trust_env=False, retries=0)
        self._resolver = resolver
        self._loopback = loopback

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send the request to a checked address under its own name."""
        url = request.url
        port = url.port or (443 if url.scheme == "https" else 80)
        try:
            addresses = await self._resolver(url.host, port)
        except OSError as error:
            raise httpx.ConnectError("name not found") from error
        # One bad address spoils all: an honest host has none.
        if not addresses or not all(map(self._may_connect, addresses)):
            raise RejectedError("output_url_refused", "address")
        # The certificate is still checked against the name; the Host header was set from it.
        request.extensions = {**request.extensions, "sni_hostname": url.host}
        for address in addresses[:3]:
            request.url = url.copy_with(host=address)
            try:
                return await self._inner.handle_async_request(request)
            except httpx.ConnectError:
                continue
        raise httpx.ConnectError("no address answered")

    def _may_connect(self, address: str) -> bool:
        if self._loopback:
            return ipaddress.ip_address(address).is_loopback
        return is_public(address)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._inner.aclose()


class Downloader:
    """Fetches images from a few allowed hosts: no credentials, no redirects, bounded."""

    def __init__(
        self,
        hosts: tuple[str, ...],
        *,
        loopback: bool = False,
        limits: Limits | None = None,
        resolver: Resolver = resolve,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._hosts = hosts
        self._loopback = loopback
        self._limits = limits or Limits()
        self._resolver = resolver
        self._tls = tls or httpx.create_ssl_context(trust_env=False)

    async def fetch(self, text: str) -> bytes:
        """Return the body. Raises RejectedError or TransientError."""
        url = self._checked(text)
        limits = self._limits
        transport = _CheckedTransport(self._tls, self._resolver, loopback=self._loopback)
        timeout = httpx.Timeout(limits.read_seconds, connect=limits.connect_seconds).as_dict()
        headers = {"accept": "image/*", "accept-encoding": "identity", "user-agent": "thumbsmith"}
        # No client of httpx: it would read cookies, and the address of a redirect.
        request = httpx.Request("GET", url, headers=headers, extensions={"timeout": timeout})
        try:
            async with (
                asyncio.timeout(limits.total_seconds),
                transport,
                aclosing(await transport.handle_async_request(request)) as response,
            ):
                self._check_head(response)
                return await self._body(response)
        except TimeoutError:
            raise TransientError("output_timeout") from None
        except httpx.HTTPError as error:
            raise TransientError("output_unreachable", type(error).__name__) from None

    def _checked(self, text: str) -> httpx.URL:
        try:
            url = httpx.URL(text) if _PLAIN.fullmatch(text) else None
        except (httpx.InvalidURL, TypeError, ValueError):
            url = None
        if url is None or (url.scheme != "https" and not self._loopback):
            raise RejectedError("output_url_refused", "not a plain https URL")
        if not self._loopback and url.port not in {None, 443}:
            raise RejectedError("output_url_refused", "port")
        if not any(
            url.host == host or (not self._loopback and url.host.endswith(f".{host}"))
            for host in self._hosts
        ):
            raise RejectedError("output_url_refused", "host")
        return url

    def _check_head(self, response: httpx.Response) -> None:
        status = response.status_code
        if status in {403, 404, 410}:
            raise RejectedError("output_gone", f"HTTP {status}")
        if status == 429 or status >= 500:
            raise TransientError("output_unreachable", f"HTTP {status}")
        if status != 200:
            raise RejectedError("output_refused", f"HTTP {status}")
        # Asked for identity; a compressed answer could grow without a limit.
        if response.headers.get("content-encoding", "identity").lower() != "identity":
            raise RejectedError("output_refused", "compressed")
        if response.headers.get("content-type", "").split(";")[0].strip().lower() not in _TYPES:
            raise RejectedError("output_not_an_image", "content type")
        length = response.headers.get("content-length", "")
        if length.isdigit() and int(length) > self._limits.max_bytes:
            raise RejectedError("output_too_large")

    async def _body(self, response: httpx.Response) -> bytes:
        body = bytearray()
        async for chunk in response.aiter_raw():
            body += chunk
            if len(body) > self._limits.max_bytes:
                raise RejectedError("output_too_large")
        return bytes(body)
