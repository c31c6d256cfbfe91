"""What the stand-in remembers: predictions and files, in memory."""

from __future__ import annotations

import asyncio
import base64
import secrets
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

TERMINAL = frozenset({"succeeded", "failed", "canceled", "aborted"})
PAGE_SIZE = 100


def now() -> str:
    """Return the time as the cloud writes it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def new_id() -> str:
    """Return a 26-character id."""
    return base64.b32encode(secrets.token_bytes(16)).decode().lower().rstrip("=")


@dataclass
class Prediction:
    """One run of a model; `body` is exactly what the API shows."""

    body: dict[str, Any]
    webhook: str | None
    events: tuple[str, ...]
    done: asyncio.Event = field(default_factory=asyncio.Event)
    removed_at: float | None = None
    """When its data are taken away; none before it has ended."""

    @property
    def id(self) -> str:
        """Return its id."""
        return str(self.body["id"])

    @property
    def status(self) -> str:
        """Return where it stands."""
        return str(self.body["status"])

    @property
    def is_over(self) -> bool:
        """Return whether it has ended; it never changes after that."""
        return self.status in TERMINAL

    def shown(self, seconds_ahead: float) -> dict[str, Any]:
        """Return the body as it is so much later: the cloud keeps the data for an hour only."""
        if self.removed_at is None or time.time() + seconds_ahead < self.removed_at:
            return self.body
        return self.body | {"input": {}, "logs": "", "output": None, "data_removed": True}


@dataclass(frozen=True)
class StoredFile:
    """Bytes that can be downloaded until they expire."""

    content_type: str
    data: bytes
    expires_at: float


@dataclass
class State:
    """All predictions in the order of their creation, and all files."""

    self_url: str
    predictions: dict[str, Prediction] = field(default_factory=dict)
    files: dict[str, StoredFile] = field(default_factory=dict)

    def add_prediction(self, model: str, version: str, request: dict[str, Any]) -> Prediction:
        """Create one, in status starting."""
        prediction_id = new_id()
        url = f"{self.self_url}/v1/predictions/{prediction_id}"
        webhook = request.get("webhook")
        body: dict[str, Any] = {
            "id": prediction_id,
            "model": model,
            "version": version,
            "input": request["input"],
            "logs": "",
            "output": None,
            "data_removed": False,
            "error": None,
            "source": "api",
            "status": "starting",
            "created_at": now(),
            "started_at": None,
            "completed_at": None,
            "metrics": {},
            "urls": {
                "get": url,
                "cancel": f"{url}/cancel",
                "web": f"{self.self_url}/p/{prediction_id}",
                "stream": f"{self.self_url}/stream/{prediction_id}",
            },
        }
        if webhook:
            body["webhook"] = webhook
        events = tuple(request.get("webhook_events_filter") or ())
        prediction = Prediction(body, webhook, events)
        self.predictions[prediction_id] = prediction
        return prediction

    def page(self, offset: int) -> tuple[list[dict[str, Any]], int | None]:
        """Return one page, newest first, and where the next one begins."""
        newest = [entry.body for entry in reversed(self.predictions.values())]
        end = offset + PAGE_SIZE
        return newest[offset:end], end if end < len(newest) else None

    def add_file(self, content_type: str, data: bytes, seconds: float) -> str:
        """Keep bytes for a while; return their id. Expired ones are forgotten here."""
        moment = time.time()
        self.files = {key: kept for key, kept in self.files.items() if kept.expires_at > moment}
        file_id = secrets.token_hex(16)
        self.files[file_id] = StoredFile(content_type, data, moment + seconds)
        return file_id

    def file(self, file_id: str, seconds_ahead: float = 0.0) -> StoredFile | None:
        """Return a file that will not have expired so much later."""
        found = self.files.get(file_id)
        return found if found and found.expires_at > time.time() + seconds_ahead else None
