"""Starts the sidecar: `python -m functions_py`."""

from __future__ import annotations

from functions_py.app import run

if __name__ == "__main__":
    run()
