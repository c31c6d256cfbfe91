"""One form for each kind of value that people read: times in UTC, money in its currency."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

# Currencies whose minor unit is not a hundredth, by Stripe's documentation of currencies.
_DIGITS = {
    **dict.fromkeys(
        [
            "bif",
            "clp",
            "djf",
            "gnf",
            "jpy",
            "kmf",
            "krw",
            "mga",
            "pyg",
            "rwf",
            "ugx",
            "vnd",
            "vuv",
            "xaf",
            "xof",
            "xpf",
        ],
        0,
    ),
    **dict.fromkeys(["bhd", "jod", "kwd", "omr", "tnd"], 3),
}
MICROS_PER_DOLLAR = 1_000_000


def plain(value: Any) -> str:
    """Return a value as people read it; nothing is an empty text."""
    if isinstance(value, datetime):
        return time(value)
    return "" if value is None else str(value)


def time(instant: datetime) -> str:
    """Return an instant in UTC, to the second."""
    return f"{instant.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def money(amount: int, currency: str) -> str:
    """Return an amount of minor units in its currency, such as 9.00 USD or 450 JPY."""
    digits = _DIGITS.get(currency.lower(), 2)
    return f"{amount / 10**digits:,.{digits}f} {currency.upper()}"


def dollars(micros: int | None) -> str:
    """Return millionths of a US dollar as dollars, with as many digits as they need."""
    if micros is None:
        return ""
    text = f"{micros / MICROS_PER_DOLLAR:,.6f}".rstrip("0")
    whole, _, cents = text.partition(".")
    return f"{whole}.{cents:0<2} USD"
