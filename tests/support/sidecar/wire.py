"""The place where a process meets the network: every look-up and connection is noted there."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

    Names = Callable[[str], list[str]]


class Wire:
    """Notes which address anything in this process tries to reach, and lets nothing leave.

    Only an address that was given a route is connected to, and then it is a port of loopback.
    """

    def __init__(self, patch: pytest.MonkeyPatch, names: Names) -> None:
        self.connected: list[str] = []
        self.asked: list[str] = []
        self.names = names
        self._routes: dict[str, int] = {}
        self._connect = socket.socket.connect
        patch.setattr(socket.socket, "connect", lambda sock, to: self._reach(sock, to))
        patch.setattr(socket.socket, "connect_ex", self._never)
        patch.setattr(socket.socket, "sendto", self._never)
        patch.setattr(socket, "getaddrinfo", self._look_up)

    def route(self, address: str, port: int, served_at: int) -> str:
        """Let one address and port be played by a server on loopback; return the pair's name."""
        self._routes[f"{address}:{port}"] = served_at
        return f"{address}:{port}"

    def clear(self) -> None:
        """Forget what was noted, and keep the routes."""
        self.connected.clear()
        self.asked.clear()

    def _reach(self, sock: socket.socket, to: tuple[Any, ...]) -> None:
        wanted = f"{to[0]}:{to[1]}"
        self.connected.append(wanted)
        if wanted not in self._routes or sock.family != socket.AF_INET:
            raise ConnectionRefusedError
        self._connect(sock, ("127.0.0.1", self._routes[wanted]))

    def _never(self, _sock: socket.socket, *values: object) -> None:
        self.connected.append(repr(values))
        raise ConnectionRefusedError

    def _look_up(
        self, host: str, port: int, *_family: object, **_options: object
    ) -> list[tuple[Any, ...]]:
        self.asked.append(host)
        try:
            # What glibc does with 127.1, 0x7f000001 and the like.
            found = [socket.inet_ntoa(socket.inet_aton(host))]
        except OSError:
            found = self.names(host)
        if not found:
            raise socket.gaierror(socket.EAI_NONAME, "not known")
        # The canonical name is that of the last CNAME: nothing may go by it.
        kind = (socket.SOCK_STREAM, socket.IPPROTO_TCP, "db.internal")
        return [
            (socket.AF_INET6, *kind, (address, port, 0, 0))
            if ":" in address
            else (socket.AF_INET, *kind, (address, port))
            for address in found
        ]
