"""What each person can do to each row, found out by doing it, and compared with the file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tests.support.database import Connection
from tests.support.security.access.access import Access, Cell, Cells, difference
from tests.support.security.access.attempts import ROWS, Attempts, Probe
from tests.support.security.access.engine import run
from tests.support.security.populated import PopulatedDatabase

# What the Storage API asks of the policies: to upload is to insert, and so on.
STORAGE = {
    "upload": {"insert"},
    "download": {"select"},
    "list": {"select"},
    "sign": {"select"},
    "replace": {"select", "insert", "update"},
    "move": {"select", "update"},
    "copy": {"select", "insert"},
    "remove": {"select", "delete"},
}


@dataclass(frozen=True)
class Prober:
    """Everybody of a world, in the transaction of a superuser."""

    world: PopulatedDatabase
    connection: Connection
    said: Access

    def rows(self, *only: str) -> list[str]:
        """Say where the file is wrong about rows, buckets and topics, or about these relations."""
        probes = [*self.attempts.relations(only)]
        if not only or "storage.objects" in only:
            probes += self.attempts.objects()
        if not only or "realtime.messages" in only:
            probes += self.attempts.topics()
        tried = {(p.cell.kind.replace("objects", "buckets"), p.cell.name) for p in probes}
        said = {
            cell
            for cell in self.said.cells
            if cell[:2] in tried and (cell.kind not in {"tables", "views"} or cell.verb in ROWS)
        }
        found = self._open(probes)
        return difference(frozenset(said), _as_verbs(found)) + list(self._loose(found))

    def _loose(self, found: set[Cell]) -> Iterator[str]:
        """Name what can be done to rows of files though no verb that is allowed needs it."""
        for cell in sorted(found):
            verbs = {v for v, needs in STORAGE.items() if cell.verb in needs}
            if cell.kind == "objects" and not any(
                cell.who in self.said.may("buckets", cell.name, verb) for verb in verbs
            ):
                yield f"+ {cell}: nothing that the file allows needs it"

    def count(self) -> int:
        """Count what rows() and calls() try."""
        return len(
            [
                *self.attempts.relations(()),
                *self.attempts.objects(),
                *self.attempts.topics(),
                *self.attempts.functions(),
                *self.attempts.sequences(),
                *self.attempts.schemas(),
            ]
        )

    def calls(self) -> list[str]:
        """Return where the file is wrong about functions, sequences and schemas, role by role."""
        probes = [*self.attempts.functions(), *self.attempts.sequences(), *self.attempts.schemas()]
        kinds = {"functions", "sequences", "schemas"}
        said = {c for c in self.said.grants if c.kind in kinds and c.verb != "usage"}
        return difference(frozenset(said), frozenset(self._open(probes)))

    def columns(self) -> tuple[int, list[str]]:
        """Return where the file is wrong about single columns, and count what was tried."""
        probes = list(self.attempts.columns())
        found = self._open(probes)
        wanted = {p.cell for p in probes if p.cell.who in self._may_read(p.cell.name)}
        wanted = {cell for cell in wanted if cell.verb.startswith("select")}
        return len(probes), difference(frozenset(wanted), frozenset(found))

    def _open(self, probes: list[Probe]) -> set[Cell]:
        outcomes = run(self.connection, [probe.attempt for probe in probes])
        pairs = zip(probes, outcomes, strict=True)
        return {probe.cell for probe, outcome in pairs if probe.is_open(outcome)}

    def _may_read(self, name: str) -> frozenset[str]:
        return self.said.may("tables", name, "select") | self.said.may("views", name, "select")

    @property
    def attempts(self) -> Attempts:
        """Return what there is to try."""
        return Attempts(self.world, self.connection, self.said)


def _as_verbs(found: set[Cell]) -> Cells:
    """Write what can be done to rows of storage.objects in the verbs of the Storage API."""
    commands: dict[tuple[str, str], set[str]] = {}
    for cell in found:
        if cell.kind == "objects":
            commands.setdefault((cell.name, cell.who), set()).add(cell.verb)
    verbs = {
        Cell("buckets", bucket, verb, who)
        for (bucket, who), may in commands.items()
        for verb, needs in STORAGE.items()
        if needs <= may
    }
    return frozenset({cell for cell in found if cell.kind != "objects"} | verbs)
