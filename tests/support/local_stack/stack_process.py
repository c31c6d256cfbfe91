"""Run `thumbsmith` as a program, and watch what it leaves running."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from tests.support import watch
from tests.support.waiting import eventually
from thumbsmith.project import state

if TYPE_CHECKING:
    from pathlib import Path

DEADLINE = 60.0
# Nobody's own database, stack, or account at Stripe is used.
HIDDEN = frozenset(
    {
        *("DATABASE_URL", "DB_URL", "THUMBSMITH_DATA_DIR"),
        *("STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET", "STRIPE_API_BASE"),
        *("REPLICATE_API_TOKEN", "REPLICATE_BASE_URL"),
    }
)


def thumbsmith(
    *arguments: str,
    python: str = sys.executable,
    options: dict[str, Any] | None = None,
    env: dict[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run one command to its end."""
    done = subprocess.run(
        [python, "-m", "thumbsmith.cli", *arguments],
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=False,
        env=_environment(env),
        **(options or {}),
    )
    watch.look_at_command(arguments, done.stdout + done.stderr)
    return done


def start(*arguments: str) -> subprocess.Popen[str]:
    """Start a command that stays."""
    return subprocess.Popen(
        [sys.executable, "-m", "thumbsmith.cli", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=_environment(None),
    )


def wait_ready(process: subprocess.Popen[str], data_dir: Path) -> state.StackState:
    """Wait until the stack of a foreground command says it is ready."""

    def ready() -> state.StackState | None:
        found = state.load(data_dir)
        # The state may be that of a stack before, which was killed.
        if found is not None and found.ready and found.supervisor.pid == process.pid:
            return found
        if process.poll() is not None:
            out, err = process.communicate()
            raise AssertionError(f"ended with {process.returncode}: {out}{err}")
        return None

    found = eventually(ready, DEADLINE)
    assert found is not None
    return found


def all_gone(services: list[state.ProcessState], within: float = 15.0) -> bool:
    """Return whether every process has ended, waiting a little."""
    try:
        return eventually(lambda: not any(one.alive for one in services), within)
    except AssertionError:
        return False


def parsed(done: subprocess.CompletedProcess[str]) -> Any:
    """Read a command's JSON."""
    return json.loads(done.stdout)


def _environment(more: dict[str, str] | None) -> dict[str, str]:
    return {k: v for k, v in os.environ.items() if k not in HIDDEN} | (more or {})
