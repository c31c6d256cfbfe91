"""Prose that can be read beside code, and decisions that are listed as they are."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

from devtools.gates.outcome import Findings
from local_stack.paths import PROJECT

LINE_MAX = 120
_TITLE = re.compile(r"# (?P<number>\d+)\. (?P<title>.+)")
_DATE = re.compile(r"^Date: (?P<date>\d{4}-\d\d-\d\d)\. Status: (?P<status>.+)\.$", re.MULTILINE)
_ROW = re.compile(
    r"\| (?P<number>\d+) \| \[(?P<title>.+)\]\((?P<file>\S+)\)"
    r" \| (?P<date>\S+) \| (?P<status>.+) \|"
)


def check(folder: Path = PROJECT) -> Findings:
    """Return lines that are too long, and decisions that the list has otherwise or not at all."""
    return [*long_lines(folder), *decisions(folder / "docs" / "decisions")]


def long_lines(folder: Path) -> Iterator[str]:
    """Yield the lines of prose above 120 characters; tables, code and addresses may be longer."""
    for file in _documents(folder):
        is_code = False
        for number, line in enumerate(file.read_text().splitlines(), 1):
            if line.lstrip().startswith("```"):
                is_code = not is_code
            is_exempt = is_code or line.startswith("|") or "://" in line
            if len(line) > LINE_MAX and not is_exempt:
                yield f"{file.relative_to(folder)}:{number}: {len(line)} characters"


def decisions(folder: Path) -> Iterator[str]:
    """Yield where a decision and its row in the list differ."""
    listed = {
        row["file"]: (row["number"], row["title"], row["date"], row["status"])
        for row in map(_ROW.fullmatch, (folder / "README.md").read_text().splitlines())
        if row
    }
    files = sorted(folder.glob("[0-9]*.md"))
    for file in files:
        text = file.read_text()
        title, said = _TITLE.match(text), _DATE.search(text)
        if title is None or said is None:
            yield f"{file.name}: begins with `# number. title` and `Date: …. Status: ….`"
        elif file.name.partition("-")[0] != f"{int(title['number']):04}":
            yield f"{file.name}: its number is {title['number']}"
        elif listed.get(file.name) != (*title.group("number", "title"), *said.groups()):
            yield f"{file.name}: README.md lists it otherwise, or not at all"
    for name in sorted(listed.keys() - {file.name for file in files}):
        yield f"{name}: listed, and not there"


def _documents(folder: Path) -> list[Path]:
    argv = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"]
    done = subprocess.run(argv, cwd=folder, capture_output=True, text=True, check=False)  # noqa: S603
    names = done.stdout.split() or [str(one.relative_to(folder)) for one in folder.rglob("*.md")]
    return [folder / name for name in names if (folder / name).exists()]
