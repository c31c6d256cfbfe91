"""The detached half of a stack: how it fails, and what a second one does meanwhile."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path
from threading import Timer

import pytest

from local_stack import supervisor
from thumbsmith.console.errors import CommandError, Exit
from thumbsmith.project import state
from thumbsmith.project.errors import AlreadyRunningError

FAILING = """
import sys
from local_stack import supervisor
from thumbsmith.console.errors import CommandError, Exit
from thumbsmith.project.errors import ProgramMissingError

def broken(_options, _progress):
    {error}

supervisor.Options.stack = broken
sys.exit(supervisor.main())
"""


@pytest.fixture
def failing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Start supervisors whose stack raises the error of a file; return its name."""
    script, python = tmp_path / "failing.py", tmp_path / "python"
    words = shlex.join([sys.executable, str(script)])
    python.write_text(f'#!/bin/sh\nshift 2\nexec {words} "$@"\n')
    python.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(python))
    return str(script)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (
            "raise CommandError('nothing_for_sale', 'no packs', 'Run it', Exit.TRY_AGAIN, packs=0)",
            ("nothing_for_sale", "no packs", "Run it", Exit.TRY_AGAIN, {"packs": 0}),
        ),
        (
            "raise ProgramMissingError('no node')",
            ("program_missing", "no node", "", Exit.USAGE, {}),
        ),
        (
            "open('/no/such/file')",
            ("file_not_found", "/no/such/file: No such file or directory", "", Exit.USAGE, {}),
        ),
    ],
)
def test_what_ended_a_detached_stack_is_said_once(
    tmp_path: Path, failing: str, error: str, said: tuple[object, ...]
) -> None:
    Path(failing).write_text(FAILING.format(error=error))
    with pytest.raises(CommandError) as caught:
        supervisor.start_detached(supervisor.Options(tmp_path / "stack"))
    found = caught.value
    assert (found.slug, found.detail, found.hint, found.code, found.more) == said


def test_the_failure_of_another_supervisor_is_not_taken_for_its_own(
    tmp_path: Path, failing: str
) -> None:
    data_dir = tmp_path / "stack"
    other = {"pid": 0, "slug": "of_another", "detail": "", "hint": "", "exit_code": 1, "more": {}}
    code = f"import pathlib; pathlib.Path({str(data_dir / 'failure.json')!r})"
    Path(failing).write_text(f"{code}.write_text({str(other)!r}.replace(chr(39), chr(34)))")
    with pytest.raises(Exception, match="the stack ended with code 0"):
        supervisor.start_detached(supervisor.Options(data_dir))
    assert (data_dir / "failure.json").exists()


def test_a_stack_that_is_starting_is_waited_for(tmp_path: Path) -> None:
    lock = state.hold(tmp_path)
    starting = state.StackState(state.ProcessState.of("supervisor", os.getpid()))
    starting.save(tmp_path)
    with pytest.raises(AlreadyRunningError):
        supervisor.start_detached(supervisor.Options(tmp_path))
    ready = state.StackState(starting.supervisor, env={"API_URL": "http://x"}, ready=True)
    timer = Timer(0.4, ready.save, [tmp_path])
    timer.start()
    assert supervisor.await_other(tmp_path) == ready
    timer.join()
    lock.close()


def test_a_stack_that_does_not_get_ready_is_not_waited_for_without_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "_READY_WITHIN", 0.3)
    with state.hold(tmp_path) as lock:
        with pytest.raises(CommandError, match="is not ready yet") as late:
            supervisor.await_other(tmp_path)
        Timer(0.1, lock.close).start()
        with pytest.raises(CommandError, match="ended before it was ready") as ended:
            supervisor.await_other(tmp_path)
    for error in (late.value, ended.value):
        assert (error.slug, error.code) == ("not_ready", Exit.TRY_AGAIN)
        assert "thumbsmith stack" in error.hint


def test_to_look_whether_a_stack_runs_keeps_none_from_starting(tmp_path: Path) -> None:
    assert not state.is_held(tmp_path)
    with state.hold(tmp_path):
        assert state.is_held(tmp_path)
    for _ in range(200):
        # Both at once: somebody looks while somebody starts.
        looking = Timer(0, state.is_held, [tmp_path])
        looking.start()
        state.hold(tmp_path).close()
        looking.join()
