"""The questions of sql/checks: each says what it promises, and what to do about a row."""

from __future__ import annotations

from pathlib import Path

from devtools.gates.outcome import Findings
from local_stack.paths import PROJECT
from thumbsmith.checks.questions import files_of, promise_and_then

# Shorter than this an instruction says nothing.
_LEAST = 30


def check(folder: Path = PROJECT) -> Findings:
    """Return the questions that leave their reader alone with a finding."""
    found = []
    for file in files_of(folder / "sql" / "checks"):
        promise, then = promise_and_then(file.read_text())
        if not promise.endswith("."):
            found.append(f"{file.name}: its first line is one sentence, the promise")
        if len(then) < _LEAST:
            found.append(f"{file.name}: its second line is `-- Then:`, what to do about a row")
    return found
