"""`scripts/lint`: runs every gate and says which one fails and why."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from rich.console import Console

from devtools.gates import (
    arrows,
    database,
    dependencies,
    documents,
    generated,
    live_migrations,
    locks,
    manifest,
    migrations,
    named_person,
    pg_catalog,
    plpgsql,
    prose,
    questions,
    remote_forms,
    retired,
    sql_bodies,
    table_classes,
    tools,
)
from devtools.gates.outcome import Findings, NotRunError

Gates = dict[str, Callable[[], Findings]]
# The slow gates are programs of their own, and most of them use one core.
AT_ONCE = 2


@dataclass(frozen=True)
class Outcome:
    """What one gate said; `reason` tells why it could not run."""

    name: str
    findings: Findings
    seconds: float
    reason: str = ""

    def show(self, console: Console) -> None:
        """Print it."""
        if self.reason:
            console.print(f"[yellow]–[/] {self.name} was not run: {self.reason}")
            return
        mark = "[red]✗[/]" if self.findings else "[green]✓[/]"
        console.print(f"{mark} {self.name} [dim]{self.seconds:.1f} s[/]")
        for finding in self.findings:
            console.print(f"  {finding}", markup=False)


def gates_of_files(*, write: bool) -> Gates:
    """Return the gates that read files; a gate gives its findings, none when all is well."""
    return {
        "ruff check": tools.ruff_check,
        "ruff format": tools.ruff_format,
        "mypy": tools.mypy,
        "sqlfluff": tools.sqlfluff,
        "squawk": tools.squawk,
        "SQL inside function bodies": sql_bodies.check,
        "migration files": migrations.check,
        "hashes of migrations": lambda: manifest.check(write=write),
        "what to do about a finding": questions.check,
        "documents": documents.check,
        "retired identifiers": retired.check,
        "prose and decisions": prose.check,
        "forbidden imports": arrows.check,
        "requirements-sidecar.lock": lambda: locks.check(write=write),
        "advisories": dependencies.audit,
        "licenses": dependencies.licenses,
    }


def gates_of_the_database(*, write: bool) -> Iterator[Outcome]:
    """Run the gates that read a migrated database."""
    try:
        programs, reason = plpgsql.programs(), ""
    except NotRunError as error:
        programs, reason = None, str(error)
    with database.migrated(programs) as server:
        url = server.url()
        gates: Gates = {
            "migrations beside people at work": lambda: live_migrations.check(server),
            "Supabase's advisors": lambda: pg_catalog.advisors(url),
            "sql/lints": lambda: pg_catalog.lints(url),
            "classes of tables": lambda: table_classes.check(url),
            "the person in every statement": lambda: named_person.check(url),
            "forms that travel": lambda: remote_forms.check(url),
            "sql/schema.sql and types": lambda: generated.check(server, url, write=write),
        }
        for name, gate in gates.items():
            yield run(name, gate)
        if reason:
            yield Outcome("plpgsql_check", [], 0, reason)
        else:
            yield run("plpgsql_check", lambda: plpgsql.check(server.admin_url))


def run(name: str, gate: Callable[[], Findings]) -> Outcome:
    """Run one gate; that it lacks something is no failure, but is said."""
    began = time.monotonic()
    try:
        found, reason = gate(), ""
    except NotRunError as error:
        found, reason = [], str(error)
    return Outcome(name, found, time.monotonic() - began, reason)


def main() -> int:
    """Run all gates; 0 when none has a finding."""
    parser = argparse.ArgumentParser(prog="scripts/lint", description=__doc__)
    parser.add_argument("--write", action="store_true", help="refresh what is generated")
    write = bool(parser.parse_args().write)
    console = Console(highlight=False, soft_wrap=True)
    # What is written is not to be read meanwhile.
    with ThreadPoolExecutor(1 if write else AT_ONCE) as pool:
        # First, since it takes longest.
        of_database = pool.submit(lambda: list(gates_of_the_database(write=write)))
        of_files = [
            pool.submit(run, name, gate) for name, gate in gates_of_files(write=write).items()
        ]
        outcomes = []
        for future in of_files:
            outcomes.append(future.result())
            outcomes[-1].show(console)
        outcomes += of_database.result()
        for outcome in outcomes[len(of_files) :]:
            outcome.show(console)
    return 0 if is_ok(outcomes) else 1


def is_ok(outcomes: list[Outcome]) -> bool:
    """Return whether no gate has a finding."""
    return not any(outcome.findings for outcome in outcomes)


if __name__ == "__main__":
    sys.exit(main())
