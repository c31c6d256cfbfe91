"""Keys and tokens of a local stack, and how files with secrets are written."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

# The public defaults of every local Supabase project: no secrets, and other tools know them.
PUBLISHABLE_KEY = "sb_publishable_ACJWlzQHlZjBrEguHvfOxg_3BJgxAaH"
SECRET_KEY = "sb_secret_N7UND0UgjKTVK-Uodkm0Hg_xSvEMPvz"  # noqa: S105

# A word of small letters and digits that each secret made here then carries: whoever finds it in a
# log or a table has found a leak. Without it a stack has the known key and password.
CANARY = "THUMBSMITH_CANARY"


@dataclass(frozen=True)
class Tokens:
    """What is random in a stack."""

    jwt_secret: str
    anon_key: str
    service_role_key: str
    replicate_api_token: str
    replicate_webhook_secret: str
    stripe_secret_key: str = ""
    stripe_webhook_secret: str = ""
    stripe_webhook_secret_previous: str = ""


@dataclass(frozen=True)
class Keys:
    """All keys of a stack, and where the key files are."""

    signing_key_file: Path
    jwks_file: Path
    tokens: Tokens
    publishable_key: str = PUBLISHABLE_KEY
    secret_key: str = SECRET_KEY


def canary() -> str:
    """Return the word that secrets have to carry, or nothing."""
    return os.environ.get(CANARY, "")


def sidecar_password() -> str:
    """Return the password of the sidecar's role on a local database; a hosted one has its own."""
    return canary() or "postgres"


def write_private(path: Path, content: dict[str, Any]) -> None:
    """Write JSON in one step, readable by the owner only."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(content, file, indent=2)
    temporary.replace(path)
