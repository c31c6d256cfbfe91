"""Make one mutant at a time in a database full of people, and see that the checks notice it.

`python -m tests.support.security.access.mutation_run` tries all of them, and prints how many were
noticed.
"""

from __future__ import annotations

import random
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field

from local_stack import cluster, databases
from local_stack.postgres import ADMIN, Postgres
from tests.support.database import Connection, Database
from tests.support.places import short_lived
from tests.support.security.access.access import Access, read
from tests.support.security.access.mutants import Mutant, all_mutants
from tests.support.security.access.pg_catalog import disagreements
from tests.support.security.access.probes import Prober
from tests.support.security.access.sessions import Sessions, Transcript
from tests.support.security.access.survivors import EQUIVALENT
from tests.support.security.populated import PopulatedDatabase, build

# Rows of the owner that a session of somebody else holds, so that whoever wants them waits.
HELD = """
select from public.{table} as t where t::text like %s for update
"""
HELD_JOBS = """
select from private.generation_jobs as j
where j.profile_id = %s
for update
"""
# Whom these rows are not for.
OTHERS = ("other",)
# What PostgREST writes where a caller selects or filters.
FILTER = '"pgrst_scalar"'
# How many of a kind are tried each time; of the others, four.
SHARES = {"grant": 50, "guard": 8}
FEW = 4
NOTHING = Mutant("guard", "select 1")
CONTROLS = 3
HELD_TABLES = (
    "profiles",
    "generations",
    "user_images",
    "checkouts",
    "credit_lots",
    "subscriptions",
)


@dataclass
class Tally:
    """How many mutants of each kind were made, and which were not noticed."""

    made: Counter[str] = field(default_factory=Counter)
    noticed_by: Counter[str] = field(default_factory=Counter)
    survivors: list[Mutant] = field(default_factory=list)
    excused: list[Mutant] = field(default_factory=list)

    def __str__(self) -> str:
        """Write killed and total."""
        total = self.made.total()
        killed = total - len(self.survivors) - len(self.excused)
        kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(self.made.items()))
        by = ", ".join(f"{count} by {name}" for name, count in sorted(self.noticed_by.items()))
        return (
            f"{killed}/{total} noticed ({by}), {len(self.excused)} excused,"
            f" {len(self.survivors)} survived: {kinds}"
        )


@dataclass(frozen=True)
class MutationRun:
    """A database with people, what its catalog allows, and what people are told in it."""

    world: PopulatedDatabase
    said: Access
    baseline: Transcript
    held: Transcript
    filtered: Transcript

    @classmethod
    def of(cls, world: PopulatedDatabase) -> MutationRun:
        """Look at the database as it is."""
        sessions = Sessions(world)
        baseline = sessions.played()
        with _held(world):
            held = sessions.played(*OTHERS)
        filtered = sessions.played(*OTHERS, remark=FILTER)
        return cls(world, read(), baseline, held, filtered)

    def mutants(self) -> list[Mutant]:
        """Return every mutant there is to make."""
        with self.world.db.session(ADMIN) as connection:
            return all_mutants(connection)

    def try_all(self, mutants: Iterable[Mutant]) -> Tally:
        """Make each mutant in a transaction of its own, and take it back."""
        tally = Tally()
        with self.world.db.session(ADMIN) as connection:
            for mutant in mutants:
                tally.made[mutant.kind] += 1
                with connection.transaction(force_rollback=True):
                    connection.execute(mutant.statement.encode())
                    noticed_by = self.notice(mutant, connection)
                if noticed_by:
                    tally.noticed_by[noticed_by] += 1
                elif mutant.name in EQUIVALENT:
                    tally.excused.append(mutant)
                else:
                    tally.survivors.append(mutant)
            self.stay_as_we_are(connection)
        return tally

    def stay_as_we_are(self, connection: Connection) -> None:
        """Raise when a difference is seen without a mutant: then time alone sets a check off.

        Once may be chance: an autovacuum that holds a lock for longer than calls wait.
        """
        for _ in range(CONTROLS):
            with connection.transaction(force_rollback=True):
                if not self.notice(NOTHING, connection):
                    return
                said = Sessions(self.world).play(connection).said
        others = {name for name in said if said[name] != self.baseline.said.get(name)}
        raise AssertionError(f"without a mutant these differ: {others}")

    def notice(self, mutant: Mutant, connection: Connection) -> str:
        """Return which check notices, or nothing; the cheap ones are asked first."""
        prober = Prober(self.world, connection, self.said)
        sessions = Sessions(self.world)
        if mutant.kind != "guard" and not mutant.is_seen and disagreements(self.said, connection):
            return "catalog"
        if mutant.relation and prober.rows(mutant.relation):
            return "rows"
        if _differs(sessions.play(connection), self.baseline):
            return "sessions"
        if mutant.kind != "guard":
            return "rows" if prober.rows() or prober.calls() else ""
        if _differs(sessions.play(connection, *OTHERS, remark=FILTER), self.filtered):
            return "filters"
        with _held(self.world):
            return "locks" if _differs(sessions.play(connection, *OTHERS), self.held) else ""


def _differs(one: Transcript, other: Transcript) -> bool:
    return one.said != other.said


def _held(world: PopulatedDatabase) -> ExitStack:
    """Hold the owner's rows in another session until it is over."""
    with ExitStack() as stack:
        connection = stack.enter_context(world.db.session("postgres"))
        stack.enter_context(connection.transaction(force_rollback=True))
        for table in HELD_TABLES:
            connection.execute(HELD.format(table=table).encode(), (f"%{world.owner.id}%",))
        connection.execute(HELD_JOBS, (world.owner.id,))
        return stack.pop_all()


def sample(mutants: Sequence[Mutant], seed: int) -> list[Mutant]:
    """Take all that is about policies, and of the rest as many as there is time for."""
    by_kind: dict[str, list[Mutant]] = {}
    for one in mutants:
        by_kind.setdefault(one.kind, []).append(one)
    source = random.Random(seed)
    chosen = []
    for kind, ones in by_kind.items():
        size = len(ones) if kind.startswith("policy") else min(SHARES.get(kind, FEW), len(ones))
        chosen += source.sample(ones, size)
    return chosen


def main() -> int:
    """Try them all on a server of our own."""
    with short_lived() as folder:
        server = Postgres(folder / "data", folder / "log", settings={"fsync": "off"})
        cluster.initialize(server)
        with server:
            databases.make_template(server, "migrated")
            with (
                databases.cloned(server, "migrated", "mutants") as url,
                closing(Database(url)) as database,
            ):
                mutation_run = MutationRun.of(build(database))
                tally = mutation_run.try_all(mutation_run.mutants())
    sys.stdout.write(f"{tally}\n")
    for one in tally.survivors:
        sys.stdout.write(f"survived: {one.name}\n")
    return 1 if tally.survivors else 0


if __name__ == "__main__":
    sys.exit(main())
