"""The command: a server, databases, rounds, a report."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from devtools.bench import figures, load, money, report, server, statements
from devtools.bench.measure import Plan, measure
from devtools.bench.scenarios import SCENARIOS
from devtools.bench.server import HERE, Side, there
from local_stack.postgres import ADMIN
from thumbsmith.console.context import current
from thumbsmith.console.errors import CommandError, Exit
from thumbsmith.console.output import print_json, progress

QUICK = Plan(sizes=(10_000, 100_000), clients=8, seconds=1, warm_up=1, rounds=2)
FULL = Plan(
    sizes=(10_000, 100_000, 1_000_000, 10_000_000), clients=8, seconds=8, warm_up=2, rounds=3
)
_FEWEST_ROWS = 100


def bench(
    *,
    full: Annotated[
        bool, typer.Option("--full/--quick", help="Up to 10,000,000 rows, for most of an hour.")
    ] = False,
    sizes: Annotated[
        str | None, typer.Option(help="Ledger rows, like 10000,100000.", show_default=False)
    ] = None,
    clients: Annotated[int | None, typer.Option(help="At the same time.", min=1, max=64)] = None,
    seconds: Annotated[int | None, typer.Option(help="Of each run.", min=1)] = None,
    warm_up: Annotated[int | None, typer.Option(help="Seconds before each run.", min=0)] = None,
    rounds: Annotated[int | None, typer.Option(help="How often.", min=1)] = None,
    against: Annotated[
        Path | None,
        typer.Option(help="Another checkout, to compare with in the same rounds.", exists=True),
    ] = None,
) -> None:
    """Measure what a request costs, beside a lone update, on a private server."""
    usual = FULL if full else QUICK
    plan = Plan(
        sizes=_sizes(sizes) or usual.sizes,
        clients=clients or usual.clients,
        seconds=seconds or usual.seconds,
        warm_up=usual.warm_up if warm_up is None else warm_up,
        rounds=rounds or usual.rounds,
    )
    try:
        _bench(plan, there(against.resolve()) if against else None)
    except money.MoneyError as error:
        raise CommandError("money_is_wrong", str(error)) from error


def _bench(plan: Plan, other: Side | None) -> None:
    with progress("starting a server") as show, server.started(other) as postgres:
        machine = server.describe(postgres)
        databases = []
        for rows in plan.sizes:
            for side in filter(None, (HERE, other)):
                show(f"loading {rows:,} rows")
                databases.append(load.load(postgres, rows, side))
                money.verify_all(postgres.url(ADMIN, databases[-1].name), side.checks)
        samples = measure(postgres, plan, databases, show)
        counted = {
            (loaded.side.title, scenario.script): statements.of_a_transaction(
                postgres, loaded, scenario
            )
            for loaded in databases
            if loaded.rows == min(plan.sizes)
            for scenario in SCENARIOS
        }
        left = []
        for loaded in databases:
            show(f"verifying {loaded.rows:,} rows")
            money.verify_all(postgres.url(ADMIN, loaded.name), loaded.side.checks)
            left.append(money.verify(postgres.url(ADMIN, loaded.name)))
    found = figures.summarize(samples)
    if current().as_json:
        print_json(report.as_json(machine, plan, databases, left, found, counted))
    else:
        report.show(machine, plan, databases, left, found, counted)


def _sizes(text: str | None) -> tuple[int, ...]:
    try:
        sizes = tuple(sorted({int(part) for part in text.split(",")})) if text else ()
    except ValueError:
        sizes = (0,)
    if any(size < _FEWEST_ROWS for size in sizes):
        detail = f"--sizes takes numbers from {_FEWEST_ROWS}, like 10000,100000"
        raise CommandError("usage", detail, code=Exit.USAGE)
    return sizes
