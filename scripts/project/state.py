"""What a running stack leaves in its data folder, so that another process can find and end it."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TextIO

from thumbsmith.project.errors import AlreadyRunningError
from thumbsmith.project.keys import write_private


@dataclass
class ProcessState:
    """A process that can be told from a later one with the same id."""

    name: str
    pid: int
    started: str
    port: int = 0
    log: str = ""

    @classmethod
    def of(cls, name: str, pid: int, port: int = 0, log: str = "") -> ProcessState:
        """Describe a running process."""
        return cls(name, pid, start_time(pid) or "", port, log)

    @property
    def alive(self) -> bool:
        """Return whether that very process still runs."""
        return bool(self.started) and start_time(self.pid) == self.started

    def end(self, within: float) -> None:
        """Ask it to end, then make it."""
        for sent, wait in ((signal.SIGTERM, within), (signal.SIGKILL, 5.0)):
            deadline = time.monotonic() + wait
            if self.alive:
                with suppress(ProcessLookupError):
                    os.kill(self.pid, sent)
            while self.alive and time.monotonic() < deadline:
                time.sleep(0.05)


@dataclass
class StackState:
    """A stack, as written to `state.json`."""

    supervisor: ProcessState
    services: list[ProcessState] = field(default_factory=list)
    env: dict[str, str] = field(default_factory=dict)
    ready: bool = False

    @property
    def alive(self) -> bool:
        """Return whether the process that holds the stack together runs."""
        return self.supervisor.alive

    def save(self, data_dir: Path) -> None:
        """Write the state in one step; it holds keys, so only the owner may read it."""
        write_private(data_dir / "state.json", asdict(self))


def load(data_dir: Path) -> StackState | None:
    """Read the state of a data folder."""
    try:
        content: dict[str, Any] = json.loads((data_dir / "state.json").read_text())
    except (OSError, ValueError):
        return None
    return StackState(
        supervisor=ProcessState(**content["supervisor"]),
        services=[ProcessState(**service) for service in content["services"]],
        env=content["env"],
        ready=content["ready"],
    )


def forget(data_dir: Path) -> None:
    """Remove the state of a stack that has ended."""
    (data_dir / "state.json").unlink(missing_ok=True)


def hold(data_dir: Path) -> TextIO:
    """Lock a data folder for one stack; the lock goes with the process."""
    data_dir.mkdir(parents=True, exist_ok=True)
    lock = (data_dir / "lock").open("w")
    # Somebody who only looks has the lock for a moment.
    for pause in (0.05, 0.1, 0.2, None):
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            if pause:
                time.sleep(pause)
        else:
            return lock
    lock.close()
    message = f"a stack already runs on {data_dir}"
    raise AlreadyRunningError(message)


def is_held(data_dir: Path) -> bool:
    """Return whether a stack runs on a data folder, or is starting there."""
    with suppress(FileNotFoundError), (data_dir / "lock").open() as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            return True
    return False


def start_time(pid: int) -> str | None:
    """Return when a process started, in the system's own words; None when there is none."""
    if sys.platform == "linux":
        try:
            content = Path(f"/proc/{pid}/stat").read_text()
        except OSError:
            return None
        fields = content.rpartition(")")[2].split()
        return None if fields[0] in {"Z", "X"} else fields[19]
    argv = ["ps", "-o", "lstart=", "-p", str(pid)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)  # noqa: S603
    return done.stdout.strip() or None
