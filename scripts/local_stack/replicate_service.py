"""The stand-in for Replicate: a real model server, and the cloud's routes in front of it."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from local_stack.paths import MODEL_DIR
from thumbsmith.project.errors import StackError
from thumbsmith.project.ports import HOST
from thumbsmith.project.probes import http_ok
from thumbsmith.project.process import Service, base_environment

if TYPE_CHECKING:
    from thumbsmith.project.keys import Tokens

# Built into coglet.
_COGLET_DIR = Path("/tmp/coglet/predictions")  # noqa: S108


def cog_service(log: Path, port: int, scratch: Path) -> Service:
    """Describe the model server; its temporary files go to `scratch`."""
    scratch.mkdir(parents=True, exist_ok=True)
    _share_fixed_folder()
    return Service(
        name="cog",
        argv=[sys.executable, "-m", "cog.server.http", "--host", HOST],
        env=base_environment()
        | {
            "PORT": str(port),
            "COG_PREDICT_TYPE_STUB": "predict.py:Predictor",
            "COG_MAX_CONCURRENCY": "8",
            # A model server that is killed leaves pictures behind: they go with the stack's data.
            "TMPDIR": str(scratch),
        },
        cwd=MODEL_DIR,
        log=log,
        ready=http_ok(f"http://{HOST}:{port}/health-check", contains="READY"),
        port=port,
        ready_within=45,
    )


def _share_fixed_folder() -> None:
    """Let every user of this machine run a model: the folder of coglet is always the same."""
    for folder in (_COGLET_DIR.parent, _COGLET_DIR):
        with suppress(PermissionError):
            folder.mkdir(exist_ok=True)
            # Like /tmp itself: everybody may add, nobody may remove what is not theirs.
            folder.chmod(0o1777)
    if not os.access(_COGLET_DIR, os.W_OK | os.X_OK):
        message = f"{_COGLET_DIR} belongs to another user and is closed; have it removed"
        raise StackError(message)


def replicate_service(tokens: Tokens, cog_url: str, log: Path, port: int) -> Service:
    """Describe the stand-in with Replicate's API."""
    url = f"http://{HOST}:{port}"
    return Service(
        name="replicate",
        argv=[sys.executable, "-m", "stand_ins.replicate"],
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
