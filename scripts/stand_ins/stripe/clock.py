"""The stand-in's time: the real one, moved ahead at will."""

from __future__ import annotations

import time
from datetime import UTC, datetime


class Clock:
    """Runs like a real clock, from wherever it was set."""

    def __init__(self) -> None:
        self.ahead = 0

    def now(self) -> int:
        """Return the time as Stripe counts it, in whole seconds."""
        return self.unmoved() + self.ahead

    def unmoved(self) -> int:
        """Return the real time."""
        return int(time.time())

    def move_to(self, moment: int) -> None:
        """Go forward; a clock that has passed the moment stays where it is."""
        self.ahead += max(0, moment - self.now())


def iso(moment: int) -> str:
    """Return a moment as v2 of the API writes it."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
