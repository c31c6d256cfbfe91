"""Makes what a provider sends fit for the database: no secrets, nothing jsonb refuses."""

from __future__ import annotations

import json
import math
from typing import Any

import httpx

# The input holds signed URLs of faces, and logs grow without a limit: neither is kept.
_DROPPED = frozenset({"input", "logs"})


def parse_object(body: bytes) -> dict[str, Any]:
    """Read a JSON object. Raises ValueError, TypeError or RecursionError for anything else."""
    value = json.loads(body)
    if not isinstance(value, dict):
        raise TypeError("not a JSON object")
    return value


def without(body: bytes, secret: str) -> bytes:
    """Return an answer without the key that it was asked with, should it repeat it."""
    return body.replace(secret.encode(), b"[removed]")


def headers_without(headers: httpx.Headers, secret: str) -> httpx.Headers:
    """Return the same of headers: an SDK puts some of them into the text of its errors."""
    return httpx.Headers([(name, without(value, secret)) for name, value in headers.raw])


def storable(prediction: dict[str, Any]) -> dict[str, Any]:
    """Return a prediction without its input and logs, with text that PostgreSQL accepts."""
    return cleaned({name: value for name, value in prediction.items() if name not in _DROPPED})


def event_essentials(event: dict[str, Any]) -> dict[str, Any]:
    """Return what is kept of an event of Stripe, snapshot or thin: ids, types, time and mode.

    The object itself, with names and addresses, is fetched when it is needed. Raises TypeError for
    what is no event.
    """
    kept = _scalars(event, "id", "object", "type", "created", "livemode")
    if not all(isinstance(kept[name], str) and kept[name] for name in ("id", "type")):
        raise TypeError("no id or type")
    if kept["object"] == "event":
        data = event.get("data")
        subject = data.get("object") if isinstance(data, dict) else None
        return kept | {"data": {"object": _scalars(subject, "id", "object")}}
    if kept["object"] == "v2.core.event":
        # A thin event may be about nothing.
        related = _scalars(event.get("related_object") or {}, "id", "type")
        return kept | {"related_object": related} | _scalars(event, "snapshot_event")
    raise TypeError("not an event")


def _scalars(source: object, *names: str) -> dict[str, Any]:
    if not isinstance(source, dict):
        raise TypeError("not a JSON object")
    found = {name: source.get(name) for name in names}
    return cleaned({n: v if isinstance(v, (str, int)) else None for n, v in found.items()})


def cleaned(value: dict[str, Any]) -> dict[str, Any]:
    """Return the same object with text and numbers that jsonb accepts."""
    return {str(_clean(name)): _clean(item) for name, item in value.items()}


def _clean(value: object) -> object:
    if isinstance(value, str):
        # jsonb has neither NUL nor lone surrogates.
        return value.replace("\x00", "").encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return cleaned(value)
    if isinstance(value, list):
        return [_clean(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
