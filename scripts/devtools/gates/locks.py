"""`requirements-sidecar.lock`: what a server needs, as a part of `requirements.lock`.

Both hold exact versions and hashes, and no address. Which packages the wheel needs is read from
what is installed: the packages it names, those that they name, and so on.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from devtools.gates.outcome import Findings
from local_stack.paths import PROJECT

WHOLE, SIDECAR = "requirements.lock", "requirements-sidecar.lock"
_BLOCK = re.compile(
    r"^([A-Za-z0-9][\w.-]*)==(\S+)(?: ; [^\n]+?)?(?: \\\n {4}--hash=sha256:[0-9a-f]{64})+\n",
    re.MULTILINE,
)


def check(folder: Path = PROJECT, *, write: bool = False) -> Findings:
    """Compare the second lock with the first one and with what the wheel needs."""
    whole = read((folder / WHOLE).read_text())
    needed = closure(dependencies(folder))
    missing = sorted(needed - set(whole))
    if missing:
        return [f"{WHOLE} has no {name}, which the wheel needs" for name in missing]
    found = [
        f"pyproject.toml wants {wanted}, and {WHOLE} has {version(whole[name])}"
        for wanted in dependencies(folder)
        if not wanted.specifier.contains(version(whole[name := canonicalize_name(wanted.name)]))
    ]
    content = "".join(whole[name] for name in sorted(needed))
    file = folder / SIDECAR
    if file.exists() and file.read_text() == content:
        return found
    if write:
        file.write_text(content)
        return found
    return [*found, *_differences(file, whole, needed)]


def read(content: str) -> dict[str, str]:
    """Return the lines of each package of a lock by its name."""
    blocks: dict[str, str] = {
        canonicalize_name(block[1]): block[0] for block in _BLOCK.finditer(content)
    }
    if "".join(blocks.values()) != content:
        message = "a lock holds names, versions, conditions and hashes, and nothing else"
        raise ValueError(message)
    return blocks


def version(block: str) -> str:
    """Return the version in the lines of a package."""
    found = _BLOCK.fullmatch(block)
    return found[2] if found else ""


def dependencies(folder: Path) -> list[Requirement]:
    """Return what the wheel says it needs."""
    project = tomllib.loads((folder / "pyproject.toml").read_text())["project"]
    return [Requirement(line) for line in project["dependencies"]]


def closure(wanted: Iterable[Requirement]) -> set[str]:
    """Return the names of these packages and of all that they need on this machine."""
    found: set[str] = set()
    seen: set[tuple[str, str]] = set()
    todo = [(canonicalize_name(one.name), extra) for one in wanted for extra in ("", *one.extras)]
    while todo:
        name, extra = todo.pop()
        if (name, extra) in seen:
            continue
        seen.add((name, extra))
        found.add(name)
        try:
            lines = requires(name) or []
        except PackageNotFoundError:
            # Then no lock has it either, which is a finding.
            continue
        for one in map(Requirement, lines):
            if one.marker is None or one.marker.evaluate({"extra": extra}):
                todo += [(canonicalize_name(one.name), more) for more in ("", *one.extras)]
    return found


def _differences(file: Path, whole: dict[str, str], needed: set[str]) -> Findings:
    hint = "scripts/lint --write refreshes it"
    if not file.exists():
        return [f"{file.name} is not there: {hint}"]
    try:
        here = read(file.read_text())
    except ValueError as error:
        return [f"{file.name}: {error}: {hint}"]
    return [
        *(f"{file.name} lacks {name}: {hint}" for name in sorted(needed - set(here))),
        *(f"{file.name} has {name}, which no server needs" for name in sorted(set(here) - needed)),
        *(
            f"{file.name} has another {name} than {WHOLE}: {hint}"
            for name in sorted(needed & set(here))
            if here[name] != whole[name]
        ),
    ] or [f"{file.name} is in another order: {hint}"]
