"""A process that has loaded the stand-in of Stripe, and forks one whenever a test wants one.

To load it and its specification takes half a second, and half a hundred tests want an account of
their own. Run as a program it takes an order a line: a log, and an environment.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from thumbsmith.project.process import base_environment

STOP_SECONDS = 12.0
PAUSE_SECONDS = 0.01


class Nursery:
    """Starts the process with the first stand-in; `close` ends it and what it has forked."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None

    def start(self, env: dict[str, str], log: Path) -> int:
        """Fork a stand-in and return its process id."""
        process = self._process or self._start()
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps({"env": env, "log": str(log)}) + "\n")
        process.stdin.flush()
        return int(process.stdout.readline())

    def stop(self, pid: int) -> None:
        """End a stand-in as a service is ended: asked first, then killed."""
        how, ends = int(signal.SIGTERM), time.monotonic() + STOP_SECONDS
        while _signaled(pid, how):
            how = int(signal.SIGKILL) if time.monotonic() > ends else 0
            time.sleep(PAUSE_SECONDS)

    def close(self) -> None:
        """End the process: it ends with its input."""
        if self._process is not None:
            self._process.communicate(timeout=STOP_SECONDS)
            self._process = None

    def _start(self) -> subprocess.Popen[str]:
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__],
            env=base_environment(),
            cwd=Path(__file__).parents[4],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        return self._process


NURSERY = Nursery()


def _signaled(pid: int, how: int) -> bool:
    """Return whether there was a process to send the signal to."""
    try:
        os.kill(pid, how)
    except ProcessLookupError:
        return False
    return True


def _serve() -> None:
    """Fork for each line, and take leave of each child that has ended."""
    _load()
    signal.signal(signal.SIGCHLD, lambda *_: _reap())
    for line in sys.stdin:
        order = json.loads(line)
        pid = os.fork()
        if pid == 0:
            _become(order)
        print(pid, flush=True)  # noqa: T201 the answer


def _load() -> None:
    import uvicorn.loops.auto
    import uvicorn.protocols.http.auto

    from stand_ins.stripe import __main__ as program
    from stand_ins.stripe.minimal import smallest
    from stand_ins.stripe.object_check import problems_of
    from stand_ins.stripe.request_check import find_operation

    assert program
    assert uvicorn.loops.auto
    # What an application reads before it serves, and keeps.
    find_operation("GET", "/v1/customers")
    problems_of(smallest("customer"))


def _reap() -> None:
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return


def _become(order: dict[str, Any]) -> None:
    """Be what `python -m stand_ins.stripe` is in this environment, and end as it does."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.setsid()
    os.environ.clear()
    os.environ.update(order["env"])
    log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(source, target)
    from stand_ins.stripe.__main__ import main

    code = 1
    try:
        main()
        code = 0
    finally:
        os._exit(code)


if __name__ == "__main__":
    _serve()
