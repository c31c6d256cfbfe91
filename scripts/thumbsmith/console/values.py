"""One form for each kind of value that people read: times in UTC, money in its currency."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

MICROS_PER_DOLLAR = 1_000_000


def plain(value: Any) -> str:
    """Return a value as people read it; nothing is an empty text."""
    if isinstance(value, datetime):
        return time(value)
    return "" if value is None else str(value)


def time(instant: datetime) -> str:
    """Return an instant in UTC, to the second."""
    return f"{instant.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def dollars(micros: int | None) -> str:
    """Return millionths of a US dollar as dollars, with as many digits as they need."""
    if micros is None:
        return ""
    text = f"{micros / MICROS_PER_DOLLAR:,.6f}".rstrip("0")
    whole, _, cents = text.partition(".")
    return f"{whole}.{cents:0<2} USD"
