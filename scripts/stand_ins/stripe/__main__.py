"""Starts the stand-in: `python -m stand_ins.stripe`."""

from __future__ import annotations

import sys

import uvicorn

from stand_ins.stripe.app import create_app
from stand_ins.stripe.config import StandInConfig
from stand_ins.stripe.snapshot import UnreadableError


def main() -> None:
    """Serve on 127.0.0.1 until told to stop."""
    config = StandInConfig.from_env()
    try:
        app = create_app(config)
    except UnreadableError as error:
        sys.exit(str(error))
    uvicorn.run(
        app,
        host="127.0.0.1",
        port=config.port,
        log_level="warning",
        timeout_graceful_shutdown=2,
    )


if __name__ == "__main__":
    main()
