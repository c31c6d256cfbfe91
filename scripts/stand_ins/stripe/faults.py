"""Switches that make the stand-in misbehave as Stripe and the network sometimes do.

`POST /_faults` takes a JSON object of the names below. Counters go down by one each time they
bite; the others stay as set. `{"reset": true}` puts everything back.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any

SIGNATURES = ("current", "old", "both", "wrong")


@dataclass
class Faults:
    """What will go wrong next."""

    # API calls. A call counts when its method and address contain these texts.
    on_method: str = "POST"
    """Which method the faults below bite; empty for all."""
    on_path: str = ""
    """A part of the address that they bite, for example /v1/refunds."""
    rate_limit_next: int = 0
    """The next n calls answer 429: nothing is done."""
    error_before_next: int = 0
    """The next n calls answer 500: nothing is done, but the caller cannot know."""
    error_after_next: int = 0
    """The next n calls are carried out and answer 500; their key keeps the 500."""
    gateway_error_after_next: int = 0
    """The next n calls are carried out and answer 502 on the way back; their key keeps the 200."""
    drop_after_next: int = 0
    """The next n calls are carried out, then the connection breaks."""
    hang_after_next: int = 0
    """The next n calls are carried out, then silent for hang_seconds."""
    slow_next: int = 0
    """The next n calls take slow_seconds before they are carried out; their key is in use."""
    hang_seconds: float = 20.0
    slow_seconds: float = 1.0

    # Events.
    drop_events_next: int = 0
    """The next n deliveries are never tried."""
    drop_events_percent: float = 0.0
    """How many of a hundred deliveries are never tried."""
    deliver_to_nobody: bool = False
    """No delivery is tried."""
    deliver_once: bool = False
    """A delivery that is refused is not tried again."""
    duplicate_events: int = 0
    """How many more times each event is delivered."""
    reorder_events: bool = False
    """Deliveries come in any order, spread over reorder_seconds."""
    reorder_seconds: float = 0.3
    delay_seconds: float = 0.0
    """How late deliveries are."""
    signature: str = "current"
    """Which secret signs: current, old, both (as in a rotation), wrong."""
    signed_seconds_ago: int = 0
    """How old the timestamp in the signature is; negative for the future."""

    def take(self, name: str) -> bool:
        """Use up one of a counter; true when it bites."""
        left = int(getattr(self, name))
        if left > 0:
            setattr(self, name, left - 1)
        return left > 0

    def concerns(self, method: str, path: str) -> bool:
        """Return whether the faults of API calls are meant for this one."""
        return self.on_method in {"", method} and self.on_path in path

    def change(self, wanted: dict[str, Any]) -> None:
        """Set switches from JSON. Raises ValueError on a name or a value we do not have."""
        known = {entry.name: entry.default for entry in fields(self)}
        for name, value in wanted.items():
            if name == "reset":
                continue
            if name not in known:
                raise ValueError(f"unknown fault: {name}")
            if not _fits(known[name], value) or (name == "signature" and value not in SIGNATURES):
                raise ValueError(f"wrong value for fault: {name}")
        if wanted.get("reset"):
            self.change(dict(known))
        for name, value in wanted.items():
            if name != "reset":
                setattr(self, name, value)

    def as_dict(self) -> dict[str, Any]:
        """Return all switches."""
        return asdict(self)


def _fits(default: object, value: object) -> bool:
    if isinstance(default, bool) or isinstance(value, bool):
        return isinstance(default, bool) and isinstance(value, bool)
    if isinstance(default, float):
        return isinstance(value, (int, float))
    return isinstance(value, type(default))
