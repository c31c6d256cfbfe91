"""Python: the CLI's file, formatted, with literals for words and None only where it may be."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

from local_stack.paths import PROJECT
from thumbsmith.project import commands
from thumbsmith.project.process import base_environment

if TYPE_CHECKING:
    from devtools.types import Facts

_CLASS = re.compile(r"class Public(\w+?)(?:Insert|Update)?\((?:BaseModel|TypedDict)\):")
# A field that has the name of its column needs no alias.
_ALIAS = re.compile(r"^(\s+(\w+): .*?) = Field\(alias=\"\2\"\)$")
_KEY_ALIAS = re.compile(r"^(\s+(\w+): .*)Annotated\[(.+), Field\(alias=\"\2\"\)\]")
_FIELD = re.compile(r"^(?P<head>\s+(?P<name>\w+): )(?P<type>.+)$")
_MEMBER = re.compile(r"\"(\w+)\": ([^,{}]+)")
_NAMES = {"string": "str", "number": "int", "boolean": "bool", "null": "None"}
_LINTS = ["--select=F401,I,UP", "--fix", "--exit-zero", "--quiet", "--target-version=py311"]


def refined(content: str, facts: Facts) -> str:
    """Return the CLI's Python with what the database says of words, nulls and JSON."""
    owners = {_class_name(owner): owner for owner, _ in (*facts.words, *facts.never_null)}
    lines, owner = [], None
    for line in content.splitlines():
        if opened := _CLASS.match(line):
            owner = owners.get(opened[1])
        said = _KEY_ALIAS.sub(r"\1\3", _ALIAS.sub(r"\1", line))
        field = _FIELD.match(said)
        if field and owner:
            said = field["head"] + _type(field["type"], owner, field["name"], facts)
        lines.append(said)
    for function, result in facts.json.items():
        lines += _result(function, result)
    return formatted("\n".join(lines) + "\n")


def _class_name(relation: str) -> str:
    return "".join(part.title() for part in relation.split("_"))


def _type(said: str, owner: str, column: str, facts: Facts) -> str:
    if union := facts.union(owner, column, '"'):
        said = re.sub(r"\bstr\b", f"Literal[{', '.join(union)}]", said)
    optional = re.fullmatch(r"Optional\[(.+)\]", said)
    return optional[1] if optional and (owner, column) in facts.never_null else said


def _result(function: str, result: str) -> list[str]:
    """Return the class of a JSON result; one with a key for each table is a plain dictionary."""
    name = f"Public{_class_name(function)}Result"
    if "[" in result:
        return ["", f"{name}: TypeAlias = dict[str, JsonValue]"]
    fields = [f"    {key}: {_python(said)}" for key, said in _MEMBER.findall(result)]
    return ["", f"class {name}(TypedDict):", *fields]


def _python(said: str) -> str:
    parts = [part.strip() for part in said.split("|")]
    words = [part for part in parts if part.startswith('"')]
    literal = [f"Literal[{', '.join(words)}]"] if words else []
    return " | ".join(literal + [_NAMES[part] for part in parts if part not in words])


def formatted(content: str) -> str:
    """Return Python as Ruff formats it, without the imports that nothing uses."""
    for verb in (["check", *_LINTS], ["format"]):
        options = ["--isolated", "--line-length=100", "--stdin-filename=database_types.py", "-"]
        argv = [sys.executable, "-m", "ruff", *verb, *options]
        content = commands.run(argv, env=base_environment(), cwd=PROJECT, given=content).stdout
    return content
