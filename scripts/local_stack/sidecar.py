"""The product's sidecar, aimed at the local stack."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from thumbsmith.project import addresses
from thumbsmith.project.keys import sidecar_password
from thumbsmith.project.ports import HOST
from thumbsmith.project.probes import http_ok
from thumbsmith.project.process import Service, base_environment

if TYPE_CHECKING:
    from pathlib import Path

    from thumbsmith.project.keys import Keys

ROLE = "thumbsmith_sidecar"


def sidecar_environment(
    database_url: str, api_url: str, replicate_url: str, keys: Keys, port: int
) -> dict[str, str]:
    """Return the settings of a sidecar that talks to nothing but this machine."""
    return {
        "SIDECAR_DATABASE_URL": addresses.with_role(database_url, ROLE, sidecar_password()),
        "SUPABASE_URL": api_url,
        "SUPABASE_SECRET_KEY": keys.secret_key,
        "REPLICATE_API_TOKEN": keys.tokens.replicate_api_token,
        "REPLICATE_WEBHOOK_SECRET": keys.tokens.replicate_webhook_secret,
        "REPLICATE_BASE_URL": replicate_url,
        "SIDECAR_PUBLIC_URL": f"http://{HOST}:{port}",
        "SIDECAR_HOST": HOST,
        "SIDECAR_PORT": str(port),
        "ALLOW_LOOPBACK": "true",
    }


def sidecar_service(environment: dict[str, str], log: Path, port: int) -> Service:
    """Describe the sidecar process."""
    return Service(
        name="sidecar",
        argv=[sys.executable, "-m", "functions_py"],
        env=base_environment() | environment,
        log=log,
        ready=http_ok(f"http://{HOST}:{port}/readyz"),
        port=port,
    )
