"""The file access.txt: who may do what to which object, and everything else is refused."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from tests.support.places import TESTS

FILE = TESTS / "product" / "security" / "access" / "access.txt"

# A person of the file, and the database role that acts for them.
ROLES = {
    "anon": "anon",
    "owner": "authenticated",
    "other": "authenticated",
    "guest": "authenticated",
    "sidecar": "thumbsmith_sidecar",
    "service": "service_role",
    "public": "public",
}
SIGNED_IN = ("owner", "other", "guest")
WORDS = {who: (who,) for who in ROLES} | {"signed-in": SIGNED_IN}

_TABLE = ("select", "insert", "update", "delete", "truncate", "references", "trigger", "maintain")
VERBS = {
    "schemas": ("usage", "create"),
    "tables": _TABLE,
    "views": _TABLE,
    "sequences": ("usage", "select", "update"),
    "functions": ("execute",),
    "types": ("usage",),
    "policies": ("select", "insert", "update", "delete"),
    "buckets": ("upload", "download", "list", "sign", "replace", "move", "copy", "remove"),
    "topics": ("listen", "send"),
}


class Cell(NamedTuple):
    """Somebody who may do something to an object; what is no cell is refused."""

    kind: str
    name: str
    verb: str
    who: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name}: {self.verb} by {self.who}"


Cells = frozenset[Cell]
Object = tuple[str, str]


class FileError(ValueError):
    """The file cannot be read."""


@dataclass(frozen=True)
class Access:
    """What the file says: every object there is, and every cell that is open."""

    objects: frozenset[Object]
    cells: Cells

    @property
    def grants(self) -> Cells:
        """What has to be granted for it: the same, with database roles in the place of people."""
        return frozenset(cell._replace(who=ROLES[cell.who]) for cell in self.cells)

    def named(self, kind: str) -> list[str]:
        """Return the objects of a kind."""
        return sorted(name for found, name in self.objects if found == kind)

    def may(self, kind: str, name: str, verb: str) -> frozenset[str]:
        """Return who may do this."""
        return frozenset(c.who for c in self.cells if c[:3] == (kind, name, verb))

    def size(self) -> int:
        """Count the cells, open or not."""
        return sum(len(VERBS[kind]) for kind, _ in self.objects) * len(ROLES)


def read(text: str | None = None) -> Access:
    """Read the file, or this text of one."""
    lines = list(_lines(FILE.read_text() if text is None else text))
    objects = [(kind, name) for kind, name, _ in lines]
    twice = {one for one in objects if objects.count(one) > 1}
    if twice:
        message = f"listed twice: {sorted(twice)}"
        raise FileError(message)
    cells = frozenset(cell for kind, name, said in lines for cell in _cells(kind, name, said))
    return Access(frozenset(objects), cells)


def _lines(text: str) -> Iterator[tuple[str, str, str]]:
    """Yield kind, name and what is allowed, of each line."""
    kind = default = ""
    for line in text.splitlines():
        words = line.partition("#")[0].strip()
        if words.startswith("["):
            kind, _, default = (part.strip() for part in words.strip("[]").partition("|"))
            if kind not in VERBS:
                message = f"no such kind: {kind}"
                raise FileError(message)
        elif words:
            name, _, said = words.partition("  ")
            yield kind, name, said.strip() or default


def _cells(kind: str, name: str, said: str) -> Iterator[Cell]:
    if said == "-":
        return
    for part in said.split(";"):
        verbs, _, people = part.partition(":")
        for verb in verbs.split():
            if verb.partition("(")[0] not in VERBS[kind] or not people.split():
                message = f"not understood: {kind} {name}: {part}"
                raise FileError(message)
            for word in people.split():
                if word not in WORDS:
                    message = f"nobody is called {word}: {kind} {name}"
                    raise FileError(message)
                yield from (Cell(kind, name, verb, who) for who in WORDS[word])


def difference(said: Cells, found: Cells) -> list[str]:
    """Return where the file and what was found are apart."""
    missing = [f"- {cell}: the file allows it, and it is refused" for cell in said - found]
    extra = [f"+ {cell}: the file does not allow it" for cell in found - said]
    return sorted(missing + extra)


def listing(said: frozenset[Object], found: frozenset[Object]) -> list[str]:
    """Return what is not listed, and what is listed and not there."""
    unlisted = [f"+ {kind} {name} has no line in the file" for kind, name in found - said]
    gone = [f"- {kind} {name} has a line, and is not there" for kind, name in said - found]
    return sorted(unlisted + gone)
