"""Real servers on loopback, and a database that is only a list of answers."""

from __future__ import annotations

import asyncio
import base64
import json
import socket
import ssl
import threading
import time
import uuid
from collections import defaultdict
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import uvicorn
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from standardwebhooks import Webhook

from functions_py.errors import DatabaseUnavailableError
from functions_py.reports import Report
from functions_py.store import Store
from functions_py.supabase_gateway import SupabaseGateway

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
    from pathlib import Path

    from starlette.applications import Starlette

    Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

PNG = b"\x89PNG pretended"

SECRET = "whsec_" + base64.b64encode(b"the current secret, 24+ b").decode()
PREVIOUS = "whsec_" + base64.b64encode(b"the secret before that one").decode()
STRANGER = "whsec_" + base64.b64encode(b"the secret of somebody else").decode()


class FakeStore(Store):
    """Answers like the database; remembers what it was asked."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, tuple[object, ...]]] = []
        self.queue: list[dict[str, Any]] = []
        self.answers: dict[str, Any] = {
            "sweep": {},
            "sidecar_ready": True,
            "can_connect": True,
            "queue_metrics": {},
        }
        self.outages: dict[str, int] = defaultdict(int)
        self.on_wake: Callable[[], None] | None = None
        self.listeners = 0
        self._cut = asyncio.Event()

    def add_job(
        self, kind: str, payload: dict[str, Any] | None = None, *, generation: bool = True
    ) -> int:
        """Queue a job; return its id."""
        job_id = len(self.calls) + len(self.queue) + 1000
        self.queue.append(
            {
                "profile_id": uuid.uuid4() if generation else None,
                "job_id": job_id,
                "lease_token": uuid.uuid4(),
                "kind": kind,
                "generation_id": uuid.uuid4() if generation else None,
                "try_number": 1,
                "payload": payload or {},
            }
        )
        return job_id

    def asked(self, function: str) -> list[tuple[object, ...]]:
        """Return the arguments of all calls of a function."""
        return [values for name, values in self.calls if name == function]

    def reports(self) -> list[tuple[str, tuple[object, ...]]]:
        """Return the reports so far, without person, job id and lease."""
        return [(name, values[3:]) for name, values in self.calls if name.startswith("report_")]

    async def rows(self, function: str, *values: object) -> list[dict[str, Any]]:
        """Claim jobs."""
        self._note(function, values)
        assert function == "claim_jobs"
        room = int(str(values[1]))
        taken, self.queue = self.queue[:room], self.queue[room:]
        return taken

    async def value(self, function: str, *values: object) -> Any:
        """Answer any other function."""
        self._note(function, values)
        answer = self.answers.get(function, "ok" if function.startswith("report_") else None)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def listen(self, on_wake: Callable[[], None]) -> None:
        """Keep the callback until the connection is cut by `cut_connection`."""
        self._note("listen", ())
        self.on_wake = on_wake
        self.listeners += 1
        on_wake()
        await self._cut.wait()
        self._cut.clear()
        raise DatabaseUnavailableError

    async def can_connect(self) -> bool:
        """Answer whether a new connection opens."""
        return bool(await self.value("can_connect"))

    def cut_connection(self) -> None:
        """Break the connection that listens."""
        self._cut.set()

    def _note(self, function: str, values: tuple[object, ...]) -> None:
        self.calls.append((function, values))
        if self.outages[function] > 0:
            self.outages[function] -= 1
            raise DatabaseUnavailableError


class FileStore(SupabaseGateway):
    """Storage in memory: signs with the address it was given, keeps what is uploaded."""

    def __init__(self) -> None:
        super().__init__("http://127.0.0.1:1", "sb_secret_x", trust_env=False)
        self.signed_url = ""
        self.signed: list[tuple[str, str, int]] = []
        self.kept: dict[str, bytes] = {}

    async def sign(self, bucket: str, object_path: str, expires_in: int) -> str:
        self.signed.append((bucket, object_path, expires_in))
        return self.signed_url

    async def upload(self, bucket: str, object_path: str, data: bytes) -> None:
        self.kept[f"{bucket}/{object_path}"] = data


def values_of(report: Report) -> tuple[Any, ...]:
    """Return what a report says, without its kind."""
    return tuple(vars(report).values())


@contextmanager
def serving(app: Starlette) -> Iterator[str]:
    """Serve an application on a free port; yield its address."""
    server = uvicorn.Server(
        uvicorn.Config(app, host="127.0.0.1", log_config=None, timeout_graceful_shutdown=1)
    )
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            while not server.started:
                assert thread.is_alive()
                time.sleep(0.005)
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


@asynccontextmanager
async def raw_server(
    answer: Answer,
    **options: Any,
) -> AsyncIterator[int]:
    """Serve raw bytes on a free port; yield the port."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await answer(reader, writer)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0, **options)
    try:
        yield int(server.sockets[0].getsockname()[1])
    finally:
        server.close()
        await server.wait_closed()


def replying(head: str, body: bytes = PNG, seen: list[bytes] | None = None) -> Answer:
    """Read a request, and answer it with one head and body."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await reader.readuntil(b"\r\n\r\n")
        if seen is not None:
            seen.append(request)
        writer.write(f"HTTP/1.1 {head}\r\nconnection: close\r\n\r\n".encode() + body)

    return answer


def certificate(folder: Path, *names: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Return a server's context with a new certificate, and a client's that trusts only it."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, names[0])])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName(list(map(x509.DNSName, names))), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = made.public_bytes(serialization.Encoding.PEM) + key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    file = folder / f"{names[0]}.pem"
    file.write_bytes(pem)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(file)
    return server, ssl.create_default_context(cafile=str(file))


def signed(
    body: bytes, secret: str = SECRET, *, webhook_id: str = "msg_1", age_seconds: float = 0
) -> dict[str, str]:
    """Return the headers of a webhook that was signed so long ago."""
    moment = datetime.fromtimestamp(time.time() - age_seconds, UTC)
    return {
        "webhook-id": webhook_id,
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": Webhook(secret).sign(webhook_id, moment, body.decode("latin-1")),
    }


def prediction(**more: Any) -> bytes:
    """Return a webhook's body."""
    return json.dumps({"id": "p1", "status": "succeeded", "output": None} | more).encode()
