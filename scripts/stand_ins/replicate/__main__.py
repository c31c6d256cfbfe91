"""Starts the stand-in: `python -m stand_ins.replicate`."""

from __future__ import annotations

import uvicorn

from stand_ins.replicate.app import create_app
from stand_ins.replicate.config import StandInConfig


def main() -> None:
    """Serve on 127.0.0.1 until told to stop."""
    config = StandInConfig.from_env()
    uvicorn.run(
        create_app(config),
        host="127.0.0.1",
        port=config.port,
        log_level="warning",
        timeout_graceful_shutdown=2,
    )


if __name__ == "__main__":
    main()
