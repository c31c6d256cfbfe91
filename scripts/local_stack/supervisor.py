"""Keep a stack up: in the foreground, or detached from the terminal."""

from __future__ import annotations

import argparse
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from local_stack.readable_copy import remove_leftovers
from local_stack.stack import SERVICES, Stack
from thumbsmith.project import state
from thumbsmith.project.errors import AlreadyRunningError, ServiceFailedError, StackError
from thumbsmith.project.process import log_tail

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

_POLL_SECONDS = 0.2
_READY_WITHIN = 120.0
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StopRequestedError(BaseException):
    """A signal asked the stack to stop."""


@contextmanager
def stopping_by_signal() -> Iterator[None]:
    """Raise StopRequestedError inside when a signal asks this process to end, once."""

    def stop(_number: int, _frame: FrameType | None) -> NoReturn:
        for one in _SIGNALS:
            # once is enough: what follows is the orderly end
            signal.signal(one, signal.SIG_IGN)
        raise StopRequestedError

    before = {one: signal.signal(one, stop) for one in _SIGNALS}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


def run(stack: Stack, on_ready: Callable[[Stack], None]) -> None:
    """Bring a stack up and hold it until a signal comes or a service fails."""
    with stopping_by_signal():
        try:
            with stack:
                on_ready(stack)
                while True:
                    stack.check()
                    time.sleep(_POLL_SECONDS)
        except StopRequestedError:
            return


def start_detached(arguments: list[str], data_dir: Path) -> state.StackState:
    """Start a supervisor of its own session and wait until its stack is ready."""
    running = state.load(data_dir)
    if running is not None and running.alive:
        message = f"a stack already runs on {data_dir}"
        raise AlreadyRunningError(message)
    state.forget(data_dir)
    log = data_dir / "logs" / "supervisor.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    argv = [sys.executable, "-m", "local_stack.supervisor", "--data-dir", str(data_dir), *arguments]
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603
            argv,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    return _await_ready(process, data_dir, log)


def _await_ready(process: subprocess.Popen[bytes], data_dir: Path, log: Path) -> state.StackState:
    try:
        found = _poll_ready(process, data_dir)
    except BaseException:
        process.terminate()
        raise
    if found is not None:
        # It outlives us on purpose; tell Python not to wait for it.
        process.returncode = 0
        return found
    code = process.poll()
    process.terminate()
    what = "was not ready in time" if code is None else f"ended with code {code}"
    raise ServiceFailedError("the stack", what, log_tail(log, 40))


def _poll_ready(process: subprocess.Popen[bytes], data_dir: Path) -> state.StackState | None:
    deadline = time.monotonic() + _READY_WITHIN
    while time.monotonic() < deadline and process.poll() is None:
        found = state.load(data_dir)
        if found is not None and found.ready and found.alive:
            return found
        time.sleep(0.05)
    return None


def stop(data_dir: Path) -> bool:
    """End a stack that another process holds, and whatever an accident left; say if any ran."""
    found = state.load(data_dir)
    if found is None:
        return False
    was_running = found.alive or any(service.alive for service in found.services)
    found.supervisor.end(within=45)
    for service in found.services:
        service.end(within=10)
    remove_leftovers(data_dir / "postgres")
    state.forget(data_dir)
    return was_running


def _say(text: str) -> None:
    """Write a line to what is the log file."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main() -> int:
    """Hold a stack until told to stop: the detached half of `thumbsmith stack up --detach`."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--port", type=int)
    parser.add_argument("--old-privileges", action="store_true")
    parser.add_argument("--no-sidecar", action="store_true")
    given = parser.parse_args()
    stack = Stack(
        given.data_dir,
        services=[one for one in SERVICES if not (given.no_sidecar and one == "sidecar")],
        old_privileges=given.old_privileges,
        ports={"node": given.port} if given.port else None,
        progress=_say,
    )
    try:
        run(stack, on_ready=lambda _: _say("ready"))
    except StackError as error:
        _say(str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
