"""The rounds: forwards, then backwards, so that what drifts does not favor anything."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from devtools.bench import load, money, pgbench
from devtools.bench.scenarios import Group, Scenario, groups
from local_stack.postgres import ADMIN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from devtools.bench.load import Loaded
    from local_stack.postgres import Postgres


@dataclass(frozen=True)
class Plan:
    """How long and how often."""

    sizes: tuple[int, ...]
    clients: int
    seconds: int
    warm_up: int
    rounds: int


@dataclass(frozen=True)
class Sample:
    """One run of one scenario in one round."""

    round_number: int
    loaded: Loaded
    group: Group
    scenario: Scenario
    outcome: pgbench.Outcome


def measure(
    server: Postgres, plan: Plan, databases: Sequence[Loaded], progress: Callable[[str], None]
) -> list[Sample]:
    """Run everything in every round, and verify money after each run."""
    samples = []
    for number in range(plan.rounds):
        everything = list(_steps(plan, databases))
        for group, loaded, scenario in everything[:: -1 if number % 2 else 1]:
            progress(f"round {number + 1}: {scenario.title}, {loaded.rows:,} rows")
            outcome = _run(server, plan, group, loaded, scenario)
            samples.append(Sample(number, loaded, group, scenario, outcome))
    return samples


def _steps(plan: Plan, databases: Sequence[Loaded]) -> Iterator[tuple[Group, Loaded, Scenario]]:
    # What is compared runs one right after the other, and in turn first.
    for group in groups(plan.clients):
        for rows in dict.fromkeys(one.rows for one in databases):
            for scenario in group.scenarios:
                for loaded in databases:
                    if loaded.rows == rows:
                        yield group, loaded, scenario


def _run(
    server: Postgres, plan: Plan, group: Group, loaded: Loaded, scenario: Scenario
) -> pgbench.Outcome:
    """Warm up, measure, verify to the last credit, and settle."""
    url = server.url(ADMIN, loaded.name)
    left = money.count(url).credits
    for seconds in filter(None, (plan.warm_up, plan.seconds)):
        outcome = pgbench.run(
            server,
            loaded.name,
            loaded.side.scripts / f"{scenario.script}.sql",
            role=scenario.role,
            clients=group.clients,
            length=("-T", seconds),
            persons=loaded.persons(is_hot=group.is_hot),
        )
        left -= outcome.transactions * scenario.burns
    money.verify(url, left)
    load.settle(server, loaded)
    return outcome
