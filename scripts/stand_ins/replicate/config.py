"""Settings of the stand-in, from the environment."""

from __future__ import annotations

import base64
import os
import secrets
from dataclasses import dataclass, field


@dataclass(frozen=True)
class StandInConfig:
    """Where the stand-in listens, whom it calls, and the two secrets it shares with its users."""

    port: int
    cog_url: str
    self_url: str
    api_token: str = field(repr=False)
    webhook_secret: str = field(repr=False)
    output_seconds: float = 3600.0

    @classmethod
    def from_env(cls) -> StandInConfig:
        """Read PORT, COG_URL, SELF_URL, REPLICATE_API_TOKEN and REPLICATE_WEBHOOK_SECRET."""
        port = int(os.environ["PORT"])
        return cls(
            port=port,
            cog_url=os.environ["COG_URL"].rstrip("/"),
            self_url=os.environ.get("SELF_URL", f"http://127.0.0.1:{port}").rstrip("/"),
            api_token=os.environ["REPLICATE_API_TOKEN"],
            webhook_secret=os.environ.get("REPLICATE_WEBHOOK_SECRET") or new_webhook_secret(),
        )


def new_webhook_secret() -> str:
    """Return a random secret in the shape of Standard Webhooks."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(24)).decode()
