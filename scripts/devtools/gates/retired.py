"""Retired identifiers: names that were replaced, none of which may come back.

`retired_identifiers.csv` has one regular expression for each, what to write instead, and the paths
where it is allowed, because another system's own word is meant there. The glossary, the changelog
and the decisions tell of the past and may mention all of them. Some expressions end in a class of
one letter, so that a plain search for the word does not find the table.
"""

from __future__ import annotations

import csv
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from devtools.gates.outcome import Findings, NotRunError
from local_stack.paths import PROJECT

TABLE = Path("scripts") / "devtools" / "gates" / "retired_identifiers.csv"
EXEMPT = (
    str(TABLE),
    "CHANGELOG.md",
    "docs/decisions/",
    "docs/glossary.md",
    "tests/scaffold/gates/test_retired.py",
)


@dataclass(frozen=True)
class Retired:
    """One name that was replaced."""

    pattern: re.Pattern[str]
    instead: str
    exempt: tuple[str, ...]

    @property
    def core(self) -> str:
        """Return letters that every match holds: most texts can be left alone by them."""
        if "|" in self.pattern.pattern:
            return ""
        parts = re.findall(r"\w+", re.sub(r"\\.", " ", self.pattern.pattern))
        return max(parts, key=len, default="")


def read(file: Path = PROJECT / TABLE) -> list[Retired]:
    """Return the table of retired identifiers."""
    with file.open(newline="") as rows:
        return [
            Retired(re.compile(row["pattern"]), row["instead"], tuple(row["exempt"].split()))
            for row in csv.DictReader(rows)
        ]


def check(folder: Path = PROJECT, table: list[Retired] | None = None) -> Findings:
    """Look for retired identifiers in the names and the text of all tracked files."""
    retired = [(one, one.core) for one in (read() if table is None else table)]
    return [
        finding
        for name in _tracked(folder)
        if not name.startswith(EXEMPT)
        for finding in _findings(folder, name, retired)
    ]


def _findings(folder: Path, name: str, retired: list[tuple[Retired, str]]) -> Iterator[str]:
    """Yield what is found in the path of a file and, where it is a text, in its lines."""
    try:
        content = (folder / name).read_text()
    except (UnicodeDecodeError, OSError):
        content = ""
    text = f"{name}\n{content}"
    for one, core in retired:
        if core not in text or name.startswith(one.exempt):
            continue
        for match in one.pattern.finditer(text):
            line = text.count("\n", 0, match.start())
            place = f"{name}:{line}" if line else name
            yield f"{place}: {match.group()}, now {one.instead}"


def _tracked(folder: Path) -> list[str]:
    argv = [
        "git",
        "-C",
        str(folder),
        "ls-files",
        "-z",
        "--cached",
        "--others",
        "--exclude-standard",
    ]
    try:
        done = subprocess.run(argv, capture_output=True, text=True, check=True)  # noqa: S603
    except (OSError, subprocess.CalledProcessError):
        raise NotRunError("this is no repository of git, or git is missing") from None
    return [name for name in done.stdout.split("\0") if name]
