"""The real stand-in, cog and front, as processes; and a receiver for its webhooks."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import httpx

from local_stack.replicate_service import cog_service, replicate_service
from tests.support import canaries
from tests.support.waiting import eventually
from thumbsmith.project.keys import Tokens
from thumbsmith.project.ports import free_ports
from thumbsmith.project.process import stop_all, wait_until_ready

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MODEL = "google/nano-banana-2"


@dataclass(frozen=True)
class StandIn:
    """Where the front is, and what it shares with its users."""

    url: str
    token: str
    secret: str
    temporary: Path

    def faults(self, **changes: object) -> dict[str, Any]:
        """Set fault switches; return what the front has seen."""
        answer = httpx.post(f"{self.url}/_faults", json=changes, trust_env=False)
        assert answer.status_code == 200, answer.text
        seen: dict[str, Any] = answer.json()
        return seen

    def api(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Call the API as a client with the right token, unless told otherwise."""
        headers = {"authorization": f"Bearer {self.token}"} | options.pop("headers", {})
        return httpx.request(
            method, self.url + path, headers=headers, timeout=30, trust_env=False, **options
        )

    def create(self, prompt: str, **more: Any) -> dict[str, Any]:
        """Create a prediction with the raw API: a flat picture is painted sooner."""
        headers = more.pop("headers", {})
        given = {"prompt": prompt, "aspect_ratio": "8:1"} | more.pop("input", {})
        path = f"/v1/models/{MODEL}/predictions"
        answer = self.api("POST", path, json={"input": given} | more, headers=headers)
        assert answer.status_code == 201, answer.text
        created: dict[str, Any] = answer.json()
        return created

    def get(self, prediction_id: str) -> dict[str, Any]:
        """Read a prediction with the raw API."""
        found: dict[str, Any] = self.api("GET", f"/v1/predictions/{prediction_id}").json()
        return found

    def wait(self, prediction_id: str, *statuses: str) -> dict[str, Any]:
        """Wait until a prediction has one of these statuses."""
        found: dict[str, Any] = {}

        def arrived() -> bool:
            found.update(self.get(prediction_id))
            return found["status"] in statuses

        eventually(arrived)
        return found


@contextmanager
def running(folder: Path) -> Iterator[StandIn]:
    """Run cog and the front on free ports."""
    cog_port, front_port = free_ports(2)
    token, secret = canaries.secret("r8_", 37), canaries.secret("whsec_", 32)
    tokens = Tokens("", "", "", token, secret)
    cog = cog_service(folder / "cog.log", cog_port, folder / "tmp")
    url = f"http://127.0.0.1:{cog_port}"
    front = replicate_service(tokens, url, folder / "front.log", front_port)
    try:
        cog.start()
        front.start()
        wait_until_ready([cog, front])
        yield StandIn(
            f"http://127.0.0.1:{front_port}",
            tokens.replicate_api_token,
            tokens.replicate_webhook_secret,
            folder / "tmp",
        )
    finally:
        stop_all([front, cog])


@dataclass(frozen=True)
class Received:
    """One request that a receiver got."""

    path: str
    headers: dict[str, str]
    body: bytes


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
            inbox.received.append(Received(self.path, headers, body))
            self.send_response(inbox.statuses.pop(0) if inbox.statuses else 200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    inbox.url = f"http://127.0.0.1:{server.server_port}/hook"
    try:
        yield inbox
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
