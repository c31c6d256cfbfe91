"""Which addresses a download may connect to."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    Resolver = Callable[[str, int], Awaitable[list[str]]]

# An explicit list, for what counts as private changes between versions of Python.
_REFUSED_V4 = [
    ipaddress.IPv4Network(block)
    for block in (
        *("0.0.0.0/8", "127.0.0.0/8"),  # this host
        *("10.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12", "192.168.0.0/16"),  # private, shared
        *("169.254.0.0/16", "192.0.0.0/24", "192.88.99.0/24"),  # link-local (metadata), protocols
        *("192.0.2.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24"),  # examples, tests
        *("224.0.0.0/4", "240.0.0.0/4"),  # multicast, reserved, broadcast
        "168.63.129.16/32",  # public by its number, and on Azure the host of the machine
    )
]
# IPv6 is the other way round: only global unicast, less what tunnels or documents.
_ALLOWED_V6 = ipaddress.IPv6Network("2000::/3")
_REFUSED_V6 = [
    ipaddress.IPv6Network(block)
    for block in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")
]


def is_public(address: str) -> bool:
    """Whether an address belongs to a host of the public internet. Mapped IPv4 never does."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(parsed, ipaddress.IPv4Address):
        return not any(parsed in block for block in _REFUSED_V4)
    if parsed.scope_id or parsed not in _ALLOWED_V6:  # a zone leads to a link of this machine
        return False
    return not any(parsed in block for block in _REFUSED_V6)


async def resolve(host: str, port: int) -> list[str]:
    """Return the addresses of a host, IPv4 first, as the operating system gives them."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    return sorted(addresses, key=lambda address: ":" in address)
