"""The runner of the gates says what failed, and why something was not run."""

from __future__ import annotations

import io

from rich.console import Console

from devtools.gates import __main__ as runner
from devtools.gates.outcome import Findings, NotRunError


def said(outcome: runner.Outcome) -> str:
    file = io.StringIO()
    outcome.show(Console(file=file, soft_wrap=True))
    return file.getvalue()


def test_a_gate_without_findings_has_passed() -> None:
    outcome = runner.run("mypy", list)
    assert outcome.findings == []
    assert said(outcome).startswith("✓ mypy ")


def test_findings_are_shown_and_are_a_failure() -> None:
    outcome = runner.run("mypy", lambda: ["a.py:1: [bold] is no markup"])
    assert said(outcome).startswith("✗ mypy ")
    assert "  a.py:1: [bold] is no markup" in said(outcome)
    assert runner.is_ok([outcome]) is False
    assert runner.is_ok([runner.run("mypy", list)]) is True


def test_a_gate_that_cannot_run_says_why_and_is_no_failure() -> None:
    def gate() -> Findings:
        raise NotRunError("this machine has no apt")

    outcome = runner.run("plpgsql_check", gate)
    assert said(outcome) == "– plpgsql_check was not run: this machine has no apt\n"
    assert runner.is_ok([outcome]) is True


def test_every_gate_is_run() -> None:
    names = runner.gates_of_files(write=False)
    assert {"ruff check", "mypy", "sqlfluff", "squawk", "migration files", "licenses"} <= set(names)
