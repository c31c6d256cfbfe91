"""Settings of the stand-in, from the environment."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path

# What stripe-python 16.1 sends; endpoints that name no version of their own get it too.
API_VERSION = "2026-10-28.endive"
SHAPES = ("snapshot", "thin")


@dataclass
class StandInConfig:
    """Where the stand-in listens, the key it accepts, and where its events go."""

    port: int
    self_url: str
    secret_key: str = field(repr=False)
    webhook_secret: str = field(repr=False)
    webhook_secret_previous: str = field(repr=False)
    webhook_url: str | None = None
    event_shape: str = "snapshot"
    state_file: Path | None = None
    """Where the account is kept; nowhere when it shall end with the process."""
    dunning_ends: str = "canceled"
    """What becomes of a subscription whose last retry failed: canceled, unpaid or past_due."""

    def __post_init__(self) -> None:
        """Refuse what no test account has."""
        if not self.secret_key.startswith("sk_test_"):
            raise ValueError("STRIPE_SECRET_KEY must start with sk_test_")
        if self.event_shape not in SHAPES:
            raise ValueError("STRIPE_EVENT_SHAPE must be snapshot or thin")

    @classmethod
    def from_env(cls) -> StandInConfig:
        """Read PORT, SELF_URL and the STRIPE_ variables."""
        port = int(os.environ["PORT"])
        return cls(
            port=port,
            self_url=os.environ.get("SELF_URL", f"http://127.0.0.1:{port}").rstrip("/"),
            secret_key=os.environ["STRIPE_SECRET_KEY"],
            webhook_secret=os.environ.get("STRIPE_WEBHOOK_SECRET") or new_webhook_secret(),
            webhook_secret_previous=os.environ.get("STRIPE_WEBHOOK_SECRET_PREVIOUS")
            or new_webhook_secret(),
            webhook_url=os.environ.get("STRIPE_WEBHOOK_URL") or None,
            event_shape=os.environ.get("STRIPE_EVENT_SHAPE") or "snapshot",
            state_file=Path(file) if (file := os.environ.get("STRIPE_STATE_FILE")) else None,
        )


def new_webhook_secret() -> str:
    """Return a random secret that looks like Stripe's."""
    return "whsec_" + secrets.token_hex(16)
