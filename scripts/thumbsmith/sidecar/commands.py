"""`thumbsmith sidecar`: run the sidecar in the foreground."""

from __future__ import annotations


def sidecar() -> None:
    """Run the sidecar; its settings come from the environment (see docs)."""
    from functions_py.app import run  # imported here: other commands must not need its settings

    run()
