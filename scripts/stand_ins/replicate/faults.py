"""Switches that make the stand-in misbehave as a real provider sometimes does.

`POST /_faults` takes a JSON object of the names below. Counters go down by one each time they
bite; the others stay as set. `{"reset": true}` puts everything back.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any


@dataclass
class Faults:
    """What will go wrong next."""

    rate_limit_next: int = 0
    """The next n creates answer 429 with Retry-After: nothing is created."""
    reject_next: int = 0
    """The next n creates answer 422: nothing is created."""
    payment_required_next: int = 0
    """The next n creates answer 402: nothing is created."""
    error_before_create_next: int = 0
    """The next n creates answer 500: nothing is created, but the caller cannot know."""
    error_after_create_next: int = 0
    """The next n creates make the prediction, then answer 500."""
    hang_after_create_next: int = 0
    """The next n creates make the prediction, then are silent for hang_seconds."""
    drop_after_create_next: int = 0
    """The next n creates make the prediction, then break the connection off."""
    fail_next: int = 0
    """The next n predictions fail without reaching the model."""
    unavailable_get_next: int = 0
    """The next n reads of a prediction answer 503."""
    lose_next: int = 0
    """The next n creates answer 201 for a prediction that then never ends."""
    drop_webhooks: bool = False
    """No webhook is sent."""
    duplicate_webhooks: bool = False
    """Every webhook is sent twice, with the same id."""
    reorder_webhooks: bool = False
    """The webhook of a start is sent after that of the end."""
    forge_webhooks: bool = False
    """Before each webhook come three false ones that claim success: signed with another secret, for
    another attempt, and of a prediction that does not exist."""
    webhook_delay_seconds: float = 0.0
    """How late webhooks are."""
    down: bool = False
    """Every route answers 503, outputs too, and no webhook is sent; what runs goes on."""
    clock_ahead_seconds: float = 0.0
    """How far the clock has gone on: outputs expire by it, and are taken out of predictions."""
    retry_after_seconds: int = 1
    """What a 429 says."""
    hang_seconds: float = 20.0
    """How long a hanging create is silent."""
    output_seconds: float | None = None
    """How long new outputs can be downloaded, instead of the usual hour."""
    drip_seconds: float = 0.0
    """How long the download of an output takes, in small pieces."""
    bad_output: bool = False
    """Outputs are an HTML page that calls itself a PNG."""

    def take(self, name: str) -> bool:
        """Use up one of a counter; true when it bites."""
        left = int(getattr(self, name))
        if left > 0:
            setattr(self, name, left - 1)
        return left > 0

    def change(self, wanted: dict[str, Any]) -> None:
        """Set switches from JSON. Raises ValueError on a name or a type we do not have."""
        known = {entry.name: entry.default for entry in fields(self)}
        for name, value in wanted.items():
            if name == "reset":
                continue
            if name not in known:
                raise ValueError(f"unknown fault: {name}")
            if not _fits(known[name], value):
                raise ValueError(f"wrong type for fault: {name}")
        if wanted.get("reset"):
            self.change(dict(known))
        for name, value in wanted.items():
            if name != "reset":
                setattr(self, name, value)

    def as_dict(self) -> dict[str, Any]:
        """Return all switches."""
        return asdict(self)


def _fits(default: object, value: object) -> bool:
    if isinstance(default, bool):
        return isinstance(value, bool)
    if isinstance(value, bool):
        return False
    if default is None:
        return value is None or isinstance(value, (int, float))
    return isinstance(value, int if isinstance(default, int) else (int, float))
