"""One child process under supervision: its log, its readiness, its end."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
import warnings
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from thumbsmith.project.errors import ServiceFailedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from thumbsmith.project.account import Account

_PR_SET_PDEATHSIG = 1
_POLL_SECONDS = 0.02
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


@dataclass
class Service:
    """A server of the stack.

    Start services from a thread that lives as long as they should: Linux ends a child together
    with the thread that made it.
    """

    name: str
    argv: Sequence[str]
    env: Mapping[str, str]
    log: Path
    ready: Callable[[], bool]
    port: int
    cwd: Path | None = None
    account: Account | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    ready_within: float = 30.0
    stop_within: float = 12.0
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def start(self) -> None:
        """Start the process in a group of its own, with its output in a new log file."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("wb") as output:
            self.process = _spawn(self, output)

    @property
    def pid(self) -> int | None:
        """Return the process id, when it was started."""
        return self.process.pid if self.process else None

    def check(self) -> None:
        """Raise when the process has ended by itself."""
        if self.process is not None and (code := self.process.poll()) is not None:
            raise ServiceFailedError(self.name, f"ended with code {code}", log_tail(self.log))

    def signal_stop(self) -> None:
        """Ask the process to end."""
        if self.process is not None and self.process.poll() is None:
            with suppress(ProcessLookupError):
                self.process.send_signal(self.stop_signal)

    def stop(self) -> None:
        """End the process, then whatever is left of its group."""
        if self.process is None:
            return
        self.signal_stop()
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(self.stop_within)
        # The leader had its chance to end its own children; what remains of the group goes now.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.process = None


def _spawn(service: Service, output: BinaryIO) -> subprocess.Popen[bytes]:
    options = service.account.popen_options() if service.account else {}
    parent = os.getpid()

    def die_with_parent() -> None:
        # Runs after the change of user, which would clear the request.
        if _LIBC is not None:
            _LIBC.prctl(_PR_SET_PDEATHSIG, int(service.stop_signal), 0, 0, 0)
            if os.getppid() != parent:
                os._exit(1)

    with warnings.catch_warnings():
        # Newer Pythons warn about any fork beside threads; the child only calls prctl.
        warnings.simplefilter("ignore", DeprecationWarning)
        return subprocess.Popen(  # noqa: S603
            list(service.argv),
            env=dict(service.env),
            cwd=service.cwd,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=die_with_parent,
            **options,
        )


def wait_until_ready(services: Iterable[Service]) -> None:
    """Wait for several services at once, each within its own deadline."""
    waiting = {service.name: service for service in services}
    started = time.monotonic()
    while waiting:
        for service in list(waiting.values()):
            service.check()
            if service.ready():
                del waiting[service.name]
            elif time.monotonic() - started > service.ready_within:
                what = f"was not ready within {service.ready_within:.0f} s"
                raise ServiceFailedError(service.name, what, log_tail(service.log))
        if waiting:
            time.sleep(_POLL_SECONDS)


def stop_all(services: Iterable[Service]) -> None:
    """Stop services that do not need one another, all at the same time."""
    services = list(services)
    for service in services:
        service.signal_stop()
    for service in services:
        service.stop()


def log_tail(path: Path, lines: int = 25) -> str:
    """Return the end of a log."""
    if not path.exists():
        return ""
    with path.open("rb") as log:
        log.seek(max(0, path.stat().st_size - 16_384))
        text = log.read().decode(errors="replace")
    return "\n".join(text.splitlines()[-lines:])


def base_environment() -> dict[str, str]:
    """Return the few variables of ours that a service may see: never the caller's secrets."""
    kept = ("HOME", "LANG", "LC_ALL", "TMPDIR", "TZ", "SYSTEMROOT", "LD_LIBRARY_PATH", "PYTHONPATH")
    env = {name: os.environ[name] for name in kept if name in os.environ}
    env["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    return env
