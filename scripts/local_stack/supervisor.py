"""Keep a stack up: in the foreground, or detached from the terminal."""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from local_stack.readable_copy import remove_leftovers
from local_stack.stack import SERVICES, Stack
from thumbsmith.catalog.publish import publish_catalog
from thumbsmith.console.command import as_command_error
from thumbsmith.console.errors import CommandError, Exit
from thumbsmith.project import state
from thumbsmith.project.errors import AlreadyRunningError, ServiceFailedError
from thumbsmith.project.keys import write_private
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


@dataclass(frozen=True)
class Options:
    """How a stack is started: in the foreground and detached alike."""

    data_dir: Path
    port: int | None = None
    old_privileges: bool = False
    no_sidecar: bool = False
    site_url: str | None = None

    def arguments(self) -> list[str]:
        """Return the same for a command line."""
        named = {"--port": self.port, "--site-url": self.site_url}
        flags = {"--old-privileges": self.old_privileges, "--no-sidecar": self.no_sidecar}
        return [
            f"--data-dir={self.data_dir}",
            *(f"{name}={value}" for name, value in named.items() if value is not None),
            *(name for name, is_set in flags.items() if is_set),
        ]

    def stack(self, progress: Callable[[str], None]) -> Stack:
        """Return the stack, which is ready when it has something to sell."""
        return Stack(
            self.data_dir,
            services=[one for one in SERVICES if not (self.no_sidecar and one == "sidecar")],
            old_privileges=self.old_privileges,
            ports={"node": self.port} if self.port else None,
            progress=progress,
            on_started=publish_catalog,
            site_url=self.site_url,
        )


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


def start_detached(options: Options) -> state.StackState:
    """Start a supervisor of its own session and wait until its stack is ready.

    Raises what ended it, as the foreground would.
    """
    data_dir = options.data_dir
    # Its files are not touched while somebody else starts or runs.
    if state.is_held(data_dir):
        message = f"a stack already runs on {data_dir}"
        raise AlreadyRunningError(message)
    _failure_of(data_dir).unlink(missing_ok=True)
    log = data_dir / "logs" / "supervisor.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    argv = [sys.executable, "-m", "local_stack.supervisor", *options.arguments()]
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
    if (failure := _failure_of(data_dir)).exists():
        said = json.loads(failure.read_text())
        # Who starts one at the same moment writes there too.
        if said["pid"] == process.pid:
            _raise_failure(said)
    what = "was not ready in time" if code is None else f"ended with code {code}"
    raise ServiceFailedError("the stack", what, log_tail(log, 40))


def _raise_failure(said: dict[str, Any]) -> NoReturn:
    if said["slug"] == AlreadyRunningError.slug:
        raise AlreadyRunningError(said["detail"])
    raise CommandError(
        said["slug"], said["detail"], said["hint"], Exit(said["exit_code"]), **said["more"]
    )


def _poll_ready(process: subprocess.Popen[bytes], data_dir: Path) -> state.StackState | None:
    deadline = time.monotonic() + _READY_WITHIN
    while time.monotonic() < deadline and process.poll() is None:
        found = state.load(data_dir)
        if found is not None and found.ready and found.alive:
            return found
        time.sleep(0.05)
    return None


def await_other(data_dir: Path) -> state.StackState:
    """Wait until the stack that somebody else is starting here is ready."""
    deadline = time.monotonic() + _READY_WITHIN
    while state.is_held(data_dir):
        found = state.load(data_dir)
        if found is not None and found.ready and found.alive:
            return found
        if time.monotonic() > deadline:
            raise CommandError(
                "not_ready",
                f"another stack is starting on {data_dir}, and is not ready yet",
                "What it does: thumbsmith stack logs. To end it: thumbsmith stack down",
                Exit.TRY_AGAIN,
            )
        time.sleep(_POLL_SECONDS)
    raise CommandError(
        "not_ready",
        f"another stack was starting on {data_dir}, and ended before it was ready",
        "Why: thumbsmith stack logs",
        Exit.TRY_AGAIN,
    )


def stop(data_dir: Path) -> bool:
    """End a stack that another process holds, and whatever an accident left; return if any ran."""
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


def _failure_of(data_dir: Path) -> Path:
    """Return the file in which a detached supervisor says what ended it."""
    return data_dir / "failure.json"


def _failure(error: CommandError) -> dict[str, Any]:
    """Return what the command has to say of an error, in the fields of a CommandError."""
    return {
        "pid": os.getpid(),
        "slug": error.slug,
        "detail": error.detail,
        "hint": error.hint,
        "exit_code": int(error.code),
        "more": json.loads(json.dumps(error.more, default=str)),
    }


def main() -> int:
    """Hold a stack until told to stop: the detached half of `thumbsmith stack up --detach`."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--port", type=int)
    parser.add_argument("--old-privileges", action="store_true")
    parser.add_argument("--no-sidecar", action="store_true")
    parser.add_argument("--site-url")
    options = Options(**vars(parser.parse_args()))
    try:
        run(options.stack(_say), on_ready=lambda _: _say("ready"))
    except Exception as error:
        failure = as_command_error(error)
        if failure is None:
            raise
        write_private(_failure_of(options.data_dir), _failure(failure))
        _say(str(failure))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
