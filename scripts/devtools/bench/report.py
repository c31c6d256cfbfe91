"""What `thumbsmith bench` prints."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from thumbsmith.console.output import OUT, print_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from devtools.bench.figures import Figures, Spread
    from devtools.bench.load import Loaded
    from devtools.bench.measure import Plan
    from devtools.bench.money import Money
    from devtools.bench.server import Machine

_COLUMNS = (
    "ledger", "schema", "people", "clients", "what", "per second", "of the floor",
    "of the smallest", "ms", "HOT profile", "HOT lot", "",
)  # fmt: skip
_COSTS = (
    "ledger", "schema", "people", "clients", "what", "statements", "WAL records", "WAL bytes",
    "of there", "server ms", "of there",
)  # fmt: skip
Statements = dict[tuple[str, str], float]


def as_json(
    machine: Machine,
    plan: Plan,
    databases: Sequence[Loaded],
    left: Sequence[Money],
    figures: Sequence[Figures],
    statements: Statements,
) -> dict[str, Any]:
    """Return the whole report for programs."""
    return {
        "ok": True,
        "machine": asdict(machine),
        "plan": asdict(plan),
        "databases": [
            {
                "name": loaded.name,
                "side": loaded.side.title,
                "rows": loaded.rows,
                "profiles": loaded.profiles,
                "seconds": loaded.seconds,
                "money": asdict(money),
            }
            for loaded, money in zip(databases, left, strict=True)
        ],
        "figures": [
            asdict(one) | {"statements": statements.get((one.side, one.script))} for one in figures
        ],
    }


def show(
    machine: Machine,
    plan: Plan,
    databases: Sequence[Loaded],
    left: Sequence[Money],
    figures: Sequence[Figures],
    statements: Statements,
) -> None:
    """Print the report for people."""
    settings = ", ".join(f"{name} {value}" for name, value in machine.settings.items())
    for line in (
        f"PostgreSQL {machine.postgres}, {machine.system}, {machine.cores} cores, load average "
        f"{machine.load_average:.1f}; 8 kB to the disk in {machine.sync_ms:.2f} ms",
        settings,
        f"{plan.rounds} rounds, {plan.seconds} s a run after {plan.warm_up} s of warm-up; "
        "median (least-most); ratios within one round",
    ):
        OUT.print(line, highlight=False)
    print_table("Runs", _COLUMNS, [_cells(one) for one in figures])
    print_table("What one transaction costs", _COSTS, [_costs(one, statements) for one in figures])
    for loaded, money in zip(databases, left, strict=True):
        OUT.print(
            f"{loaded.rows:,} rows of {loaded.profiles:,} people made in {loaded.seconds:.0f} s, "
            f"{money.entries:,} at the end: every balance is the sum of its entries and of its "
            "lots, after every run",
            highlight=False,
        )


def _cells(one: Figures) -> tuple[str, ...]:
    return (
        f"{one.rows:,}",
        one.side,
        one.people,
        str(one.clients),
        one.title,
        _spread(one.tps, ",.0f"),
        _spread(one.to_floor, ".2f"),
        _spread(one.to_smallest, ".2f"),
        f"{one.latency_ms:.2f}",
        _share(one.profile_hot_share),
        _share(one.lot_hot_share),
        "noisy" if one.is_noisy else "",
    )


def _costs(one: Figures, statements: Statements) -> tuple[str, ...]:
    return (
        f"{one.rows:,}",
        one.side,
        one.people,
        str(one.clients),
        one.title,
        f"{statements.get((one.side, one.script), 0):.1f}",
        f"{one.wal_records:.1f}",
        f"{one.wal_bytes:,.0f}",
        _spread(one.wal_bytes_to_there, ".3f") if one.wal_bytes_to_there else "",
        "" if one.server_ms is None else f"{one.server_ms:.3f}",
        _spread(one.server_ms_to_there, ".3f") if one.server_ms_to_there else "",
    )


def _spread(spread: Spread, form: str) -> str:
    return f"{spread.median:{form}} ({spread.min:{form}}-{spread.max:{form}})"


def _share(share: float | None) -> str:
    return "" if share is None else f"{share:.3f}"
