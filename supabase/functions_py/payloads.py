"""Makes what a provider sends fit for the database: no secrets, nothing jsonb refuses."""

from __future__ import annotations

import json
import math
from typing import Any

import httpx

from functions_py.errors import InvalidBodyError

# The input holds signed URLs of user images, and logs grow without a limit: neither is kept.
_DROPPED = frozenset({"input", "logs"})


def parse_object(body: bytes) -> dict[str, Any]:
    """Read a JSON object. Raises InvalidBodyError for anything else."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        raise InvalidBodyError("not JSON") from None
    if not isinstance(value, dict):
        raise InvalidBodyError("not a JSON object")
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

    The object itself, with names and addresses, is fetched when it is needed. Raises
    InvalidBodyError for what is no event.
    """
    kept = _scalars(event, "id", "object", "type", "created", "livemode")
    if not all(isinstance(kept[name], str) and kept[name] for name in ("id", "type")):
        raise InvalidBodyError("no id or type")
    if kept["object"] == "event":
        data = event.get("data")
        subject = data.get("object") if isinstance(data, dict) else None
        return kept | {"data": {"object": _scalars(subject, "id", "object")}}
    if kept["object"] == "v2.core.event":
        # A thin event may be about nothing.
        related = _scalars(event.get("related_object") or {}, "id", "type")
        return kept | {"related_object": related} | _scalars(event, "snapshot_event")
    raise InvalidBodyError("not an event")


def _scalars(source: object, *names: str) -> dict[str, Any]:
    if not isinstance(source, dict):
        raise InvalidBodyError("not a JSON object")
    found = {name: source.get(name) for name in names}
    return cleaned({n: v if isinstance(v, (str, int)) else None for n, v in found.items()})


def cleaned(value: dict[str, Any]) -> dict[str, Any]:
    """Return the same object with text and numbers that jsonb accepts.

    Raises InvalidBodyError when it is nested too deeply.
    """
    try:
        return _clean_object(value)
    except RecursionError:
        raise InvalidBodyError("nested too deeply") from None


def _clean_object(value: dict[str, Any]) -> dict[str, Any]:
    return {str(_clean(name)): _clean(item) for name, item in value.items()}


def _clean(value: object) -> object:
    if isinstance(value, str):
        # jsonb has neither NUL nor lone surrogates.
        return value.replace("\x00", "").encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return _clean_object(value)
    if isinstance(value, list):
        return [_clean(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
