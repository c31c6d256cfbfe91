"""Billing periods."""

from __future__ import annotations

import calendar
from datetime import UTC, datetime, timedelta
from typing import Any

DAY = 86_400


def add_period(start: int, recurring: dict[str, Any], anchor: int) -> int:
    """Return the end of the period that begins at `start`.

    Months and years keep to the day of the anchor: a subscription of January 31 renews on
    February 28 and again on March 31.
    """
    count = int(recurring["interval_count"])
    moment = datetime.fromtimestamp(start, UTC)
    if recurring["interval"] in {"day", "week"}:
        days = count * (7 if recurring["interval"] == "week" else 1)
        return int((moment + timedelta(days=days)).timestamp())
    months = count * (12 if recurring["interval"] == "year" else 1)
    place = moment.year * 12 + moment.month - 1 + months
    year, month = place // 12, place % 12 + 1
    day = datetime.fromtimestamp(anchor, UTC).day
    last = calendar.monthrange(year, month)[1]
    return int(moment.replace(year=year, month=month, day=min(day, last)).timestamp())


def period_of(subscription: dict[str, Any]) -> tuple[int, int]:
    """Return when the current period began and when it ends."""
    item = subscription["items"]["data"][0]
    return int(item["current_period_start"]), int(item["current_period_end"])


def share(amount: int, remaining: int, whole: int) -> int:
    """Return the part of an amount that belongs to the remaining seconds, rounded half up."""
    return (2 * amount * remaining + whole) // (2 * whole)
