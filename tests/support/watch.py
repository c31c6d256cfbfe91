"""Looks for secrets in all that the servers, commands and tests of a run produce, while it goes on.

Nothing is replaced: each place is looked at after what happens there has happened.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

import httpx
import psycopg
import pytest
from typer.testing import CliRunner

from local_stack import programs
from local_stack.postgres import Postgres
from local_stack.stack import Stack
from tests.support import canaries
from thumbsmith.project import addresses
from thumbsmith.project.process import Service, base_environment

# Commands that are there to print keys, and answers of stand-ins that are there to give one.
TELLING_COMMANDS = {
    ("stack", "up"): "prints what `stack env` prints",
    ("stack", "env"): "prints the keys of a local stack, for the shell of who runs it",
}
TELLING_ANSWERS = {
    "/v1/webhooks/default/secret": "Replicate tells the owner of the token the signing secret",
    "/v1/webhook_endpoints": "Stripe tells the signing secret of an endpoint that is made, once",
}
SHOWN = 20
_LISTENING = [False]


@contextmanager
def watching() -> Iterator[None]:
    """Look at everything until the end of the run."""
    with pytest.MonkeyPatch.context() as patch:
        _after(patch, Service, "start", _started)
        _after(patch, Service, "stop", lambda _, service: canaries.look_at_file(service.log))
        _before(patch, Stack, "down", _going_down)
        _before(patch, Postgres, "discard", lambda server: canaries.look_at_cluster(server.folder))
        _after(patch, CliRunner, "invoke", _invoked)
        _after(patch, httpx.Client, "send", _answered)
        _listen_for_processes()
        _LISTENING[0] = True
        try:
            yield
        finally:
            _LISTENING[0] = False


def judge(report: pytest.TestReport) -> None:
    """Make a test fail that has shown a secret, or during which one was found anywhere."""
    for name, text in report.sections:
        canaries.look(f"{name} of {report.nodeid}", text)
    if found := canaries.take_findings():
        text = "\n".join(["A secret got out:", *found[:SHOWN]])
        report.sections.append(("secrets", text))
        report.longrepr = report.longrepr if report.failed else text
        report.outcome = "failed"


def look_at_database(url: str, needles: canaries.Needles = canaries.MARKED) -> list[str]:
    """Search a dump, with all data, of a database that this address reaches."""
    program = programs.bin_dir() / "pg_dump"
    shown, password = addresses.without_password(url)
    done = subprocess.run(
        [program, shown],
        env=base_environment() | {"PGPASSWORD": password or ""},
        capture_output=True,
        check=True,
    )
    return canaries.look("a dump of the database", done.stdout, needles)


def look_at_stack(stack: Stack) -> list[str]:
    """Search what a running stack has written, keeps and runs."""
    found = canaries.look_at_folder(stack.data_dir) + canaries.look_at_processes()
    return found + look_at_database(stack.admin_url)


def look_at_command(words: tuple[str, ...], output: str) -> None:
    """Search what a command has printed."""
    if words[:2] not in TELLING_COMMANDS:
        canaries.look(f"thumbsmith {' '.join(words[:3])}", output)


def _started(_result: object, service: Service) -> None:
    canaries.look(f"the arguments of {service.name}", " ".join(map(str, service.argv)))


def _going_down(stack: Stack) -> None:
    database = stack._database
    if database is None or stack._lock is None:
        return
    try:
        psycopg.connect(database.admin_url, connect_timeout=5).close()
    except (psycopg.OperationalError, RuntimeError):  # it was killed, or never came up
        canaries.look_at_folder(stack.data_dir)
        return
    look_at_stack(stack)


def _invoked(result: Any, _runner: CliRunner, _app: object, args: Any = None, **_more: Any) -> None:
    words = tuple(map(str, args.split() if isinstance(args, str) else args or ()))
    look_at_command(words, result.output + repr(result.exception))


def _answered(answer: httpx.Response, *_values: Any, stream: bool = False, **_more: Any) -> None:
    path = answer.request.url.path
    if not stream and not any(path.startswith(one) for one in TELLING_ANSWERS):
        canaries.look(f"the answer of {path}", answer.content)
        canaries.look(f"the headers of {path}", repr(answer.headers.raw))


def _listen_for_processes() -> None:
    """Look at the arguments of every process that this one starts, however it does that."""
    if getattr(sys, "_thumbsmith_listens", False):
        return

    def hear(event: str, values: tuple[Any, ...]) -> None:
        if event == "subprocess.Popen" and _LISTENING[0]:
            words = values[1] if isinstance(values[1], (list, tuple)) else [values[1]]
            canaries.look("the arguments of a process", " ".join(map(str, words)))

    sys.addaudithook(hear)


def _after(patch: pytest.MonkeyPatch, owner: type, name: str, look: Callable[..., object]) -> None:
    original = getattr(owner, name)

    @wraps(original)
    def call(*values: Any, **named: Any) -> Any:
        result = original(*values, **named)
        look(result, *values, **named)
        return result

    patch.setattr(owner, name, call)


def _before(patch: pytest.MonkeyPatch, owner: type, name: str, look: Callable[..., object]) -> None:
    original = getattr(owner, name)

    @wraps(original)
    def call(*values: Any, **named: Any) -> Any:
        look(*values)
        return original(*values, **named)

    patch.setattr(owner, name, call)
