"""The stand-in for Replicate: a real model server, and the cloud's routes in front of it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from local_stack.paths import MODEL_DIR
from local_stack.ports import HOST
from local_stack.probes import http_ok
from local_stack.process import Service, base_environment

if TYPE_CHECKING:
    from pathlib import Path

    from local_stack.keys import Tokens


def cog_service(log: Path, port: int) -> Service:
    """Describe the model server, as it runs inside a model's container."""
    return Service(
        name="cog",
        argv=[sys.executable, "-m", "cog.server.http", "--host", HOST],
        env=base_environment()
        | {
            "PORT": str(port),
            "COG_PREDICT_TYPE_STUB": "predict.py:Predictor",
            "COG_MAX_CONCURRENCY": "8",
        },
        cwd=MODEL_DIR,
        log=log,
        ready=http_ok(f"http://{HOST}:{port}/health-check", contains="READY"),
        port=port,
        ready_within=45,
    )


def replicate_service(tokens: Tokens, cog_url: str, log: Path, port: int) -> Service:
    """Describe the front with Replicate's API."""
    url = f"http://{HOST}:{port}"
    return Service(
        name="replicate",
        argv=[sys.executable, "-m", "local_stack.replicate"],
        env=base_environment()
        | {
            "PORT": str(port),
            "COG_URL": cog_url,
            "SELF_URL": url,
            "REPLICATE_API_TOKEN": tokens.replicate_api_token,
            "REPLICATE_WEBHOOK_SECRET": tokens.replicate_webhook_secret,
        },
        log=log,
        ready=http_ok(f"{url}/healthz"),
        port=port,
    )
