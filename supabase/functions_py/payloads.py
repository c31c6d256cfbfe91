"""Makes what a provider sends fit for the database: no secrets, nothing jsonb refuses."""

from __future__ import annotations

import json
import math
from typing import Any

# The input holds signed URLs of faces, and logs grow without a limit: neither is kept.
_DROPPED = frozenset({"input", "logs"})


def parse_object(body: bytes) -> dict[str, Any]:
    """Read a JSON object. Raises ValueError, TypeError or RecursionError for anything else."""
    value = json.loads(body)
    if not isinstance(value, dict):
        raise TypeError("not a JSON object")
    return value


def storable(prediction: dict[str, Any]) -> dict[str, Any]:
    """Return a prediction without its input and logs, with text that PostgreSQL accepts."""
    return {str(_clean(k)): _clean(v) for k, v in prediction.items() if k not in _DROPPED}


def _clean(value: object) -> object:
    if isinstance(value, str):
        # jsonb has neither NUL nor lone surrogates.
        return value.replace("\x00", "").encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {str(_clean(key)): _clean(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_clean(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
