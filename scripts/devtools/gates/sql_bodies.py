"""Style inside `$$` bodies, where sqlfluff does not look: case, tabs, width, search path."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from local_stack.paths import PROJECT

_BODY = re.compile(r"\$\$(.*?)\$\$", re.DOTALL)
_FUNCTION = re.compile(r"create (?:or replace )?function\s+([\w.]+)(.*?)\$\$", re.DOTALL)
_QUOTED = re.compile(r"'(?:[^']|'')*'|--[^\n]*")
_KEYWORD = re.compile(
    r"\b(SELECT|INSERT|UPDATE|DELETE|FROM|WHERE|AND|OR|NOT|IF|THEN|ELSE|END|BEGIN|RETURN|RAISE|NULL|"
    r"DECLARE|LOOP|PERFORM|INTO|VALUES|SET|JOIN|ON|AS|IS|IN|EXISTS|CASE|WHEN|ORDER|BY|LIMIT|FOR)\b"
)
MAX_WIDTH = 100


def check(folder: Path = PROJECT) -> list[str]:
    """Check every SQL file that we write by hand."""
    ours = sorted((folder / "supabase" / "migrations").glob("*.sql"))
    platform = sorted((folder / "sql" / "platform").rglob("*.sql"))
    found = [line for file in [*ours, *platform] for line in style(file.name, file.read_text())]
    # What the platform provides is as hosted has it, without a pinned path here and there.
    return found + [line for file in ours for line in safety(file.name, file.read_text())]


def style(name: str, content: str) -> Iterator[str]:
    """Yield what is ugly in one file."""
    for number, line in enumerate(content.splitlines(), 1):
        if "\t" in line:
            yield f"{name}:{number}: a tab"
        if len(line) > MAX_WIDTH:
            yield f"{name}:{number}: {len(line)} characters, at most {MAX_WIDTH}"
    for body in _BODY.finditer(content):
        code = _QUOTED.sub(lambda quoted: " " * len(quoted.group()), body.group(1))
        for keyword in _KEYWORD.finditer(code):
            number = content.count("\n", 0, body.start(1) + keyword.start()) + 1
            yield f"{name}:{number}: {keyword.group()} in upper case"


def safety(name: str, content: str) -> Iterator[str]:
    """Yield the functions of one file that could be led astray."""
    for function in _FUNCTION.finditer(content):
        if "set search_path = ''" not in function.group(2):
            yield f"{name}: {function.group(1)} does not pin its search path"
        if "security definer" in function.group(2) and "definer because" not in function.group(2):
            yield f"{name}: {function.group(1)} does not say why it is security definer"
