"""Somebody who takes webhooks."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

from tests.support.waiting import eventually
from thumbsmith.project.ports import HOST

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True)
class Received:
    """One request that a receiver got."""

    headers: dict[str, str]
    body: bytes

    @property
    def signature(self) -> str:
        """The header to verify."""
        return self.headers["stripe-signature"]


@dataclass
class Receiver:
    """Takes webhooks; answers with the given statuses in turn, then 200."""

    url: str = ""
    statuses: list[int] = field(default_factory=list)
    received: list[Received] = field(default_factory=list)

    def wait(self, count: int) -> list[Received]:
        """Wait until so many requests have come."""
        eventually(lambda: len(self.received) >= count)
        return self.received


@contextmanager
def receiver(*statuses: int) -> Iterator[Receiver]:
    """Run a receiver on a free port."""
    inbox = Receiver(statuses=list(statuses))

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            inbox.received.append(Received(headers, body))
            self.send_response(inbox.statuses.pop(0) if inbox.statuses else 200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    server = ThreadingHTTPServer((HOST, 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    inbox.url = f"http://{HOST}:{server.server_port}/hook"
    try:
        yield inbox
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
