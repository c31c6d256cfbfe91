"""TypeScript: the CLI's file, formatted, with unions for words and null only where it may be."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from local_stack import programs
from local_stack.paths import NODE_DIR, PROJECT
from thumbsmith.project import commands
from thumbsmith.project.process import base_environment

if TYPE_CHECKING:
    from devtools.types import Facts

_OPENS = re.compile(r"\s*(\w+)\??: \{$")
_CLOSES = re.compile(r"\s*\}(?: \| null)?;?$")
_COLUMN = re.compile(r"(?P<head>\s*(?P<name>\w+)\??: )(?P<type>[^;{]+);$")
_FUNCTION = re.compile(r"\s{6}(\w+): \{")
_RETURNS_JSON = re.compile(r"\bReturns: Json\b")
_RETURNS_ROW = re.compile(r"\bto: '(\w+)';")


def refined(content: str, facts: Facts) -> str:
    """Return the CLI's TypeScript with what the database says of words, nulls and JSON."""
    lines = formatted(content).splitlines()
    owners = dict(_owners(lines))
    function = ""
    for number, line in enumerate(lines):
        if opened := _FUNCTION.match(line):
            function = opened[1]
        column = _COLUMN.match(line)
        if column and number in owners:
            said = _type(column["type"], owners[number], column["name"], facts)
            lines[number] = f"{column['head']}{said};"
        elif function in facts.json:
            lines[number] = _RETURNS_JSON.sub(f"Returns: {facts.json[function]}", line)
        else:
            lines[number] = _arguments(line, function, facts)
    return formatted("\n".join(lines) + "\n")


def _type(said: str, owner: str, column: str, facts: Facts) -> str:
    if union := facts.union(owner, column, "'"):
        said = re.sub(r"\bstring\b", " | ".join(union), said)
    return said.removesuffix(" | null") if (owner, column) in facts.never_null else said


def _arguments(line: str, function: str, facts: Facts) -> str:
    for (name, argument), words in facts.arguments.items():
        if name == function and "idempotency_key" in line:
            union = " | ".join(f"'{word}'" for word in words)
            line = re.sub(rf"\b({argument}\??: )string\b", rf"\1{union}", line)
    return line


def _owners(lines: list[str]) -> Iterator[tuple[int, str]]:
    """Yield each line with the relation or composite type that its column belongs to."""
    path: list[str] = []
    for number, line in enumerate(lines):
        if opened := _OPENS.match(line):
            path.append(opened[1])
        elif _CLOSES.match(line) and path:
            path.pop()
        elif owner := _owner(path, lines[number:]):
            yield number, owner


def _owner(path: list[str], following: list[str]) -> str | None:
    """Return whose column a line at this place of the file is."""
    section = path[1] if len(path) > 2 else ""
    if (section, len(path)) in {("CompositeTypes", 3), ("Tables", 4), ("Views", 4)}:
        return path[2]
    if (section, path[3:4], len(path)) == ("Tables", ["Row"], 5):
        # A computed relationship: the row that a function of this name finds.
        return path[4]
    is_row = section == "Functions" and len(path) == 4 and path[3] == "Returns"
    return _returned(following) if is_row else None


def _returned(lines: list[str]) -> str | None:
    """Return the relation of a function's row, which follows as `to` of SetofOptions."""
    for line in lines:
        if found := _RETURNS_ROW.search(line):
            return found[1]
        if _FUNCTION.match(line):
            return None
    return None


def formatted(content: str) -> str:
    """Return TypeScript as Prettier formats it."""
    script = NODE_DIR / "node_modules" / "prettier" / "bin" / "prettier.cjs"
    options = ["--parser=typescript", "--single-quote", "--print-width=100"]
    argv = [programs.node(), str(script), *options]
    return commands.run(argv, env=base_environment(), cwd=PROJECT, given=content).stdout
