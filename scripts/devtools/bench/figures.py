"""From samples to figures: medians, and ratios taken within one round."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

from devtools.bench.scenarios import FLOOR
from devtools.bench.server import HERE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from devtools.bench.measure import Sample

_NOISY = 1.5


@dataclass(frozen=True)
class Spread:
    """A figure over the rounds."""

    median: float
    min: float
    max: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """Sum the values up."""
        return cls(median(values), min(values), max(values))

    @property
    def is_noisy(self) -> bool:
        """Return whether the rounds differ too much to be trusted."""
        return self.max > _NOISY * self.min


@dataclass(frozen=True)
class Figures:
    """One line of the report: figures per transaction but for the throughput."""

    rows: int
    side: str
    people: str
    clients: int
    script: str
    title: str
    tps: Spread
    to_floor: Spread
    # to the smallest ledger, in the same round
    to_smallest: Spread
    latency_ms: float
    wal_records: float
    wal_bytes: float
    wal_page_images: float
    # Processor time of the server; None where the system does not tell.
    server_ms: float | None
    # To the other checkout's, in the same round.
    server_ms_to_there: Spread | None
    wal_bytes_to_there: Spread | None
    profile_hot_share: float | None
    lot_hot_share: float | None
    is_noisy: bool


def summarize(samples: Sequence[Sample]) -> list[Figures]:
    """Return one line per scenario, group and size, in the order of the first round."""
    by_line: dict[tuple[object, ...], list[Sample]] = {}
    for sample in samples:
        by_line.setdefault(_key(sample), []).append(sample)
    by_run = {(*_key(one), one.round_number): one for one in samples}
    smallest = min(sample.loaded.rows for sample in samples)
    return [_line(line, by_run, smallest) for line in by_line.values()]


def _key(
    sample: Sample, *, script: str | None = None, rows: int | None = None, side: str | None = None
) -> tuple[object, ...]:
    group = sample.group
    return (
        rows or sample.loaded.rows,
        side or sample.loaded.side.title,
        group.is_hot,
        group.clients,
        script or sample.scenario.script,
    )


def _line(
    line: Sequence[Sample], by_run: dict[tuple[object, ...], Sample], smallest: int
) -> Figures:
    first, tps = line[0], Spread.of([one.outcome.tps for one in line])
    ratio = _ratios(line, by_run)
    return Figures(
        rows=first.loaded.rows,
        side=first.loaded.side.title,
        people="one" if first.group.is_hot else "many",
        clients=first.group.clients,
        script=first.scenario.script,
        title=first.scenario.title,
        tps=tps,
        to_floor=ratio(lambda one: _key(one, script=FLOOR)),
        to_smallest=ratio(lambda one: _key(one, rows=smallest)),
        latency_ms=median(one.outcome.latency_ms for one in line),
        wal_records=_each(line, "wal_records"),
        wal_bytes=_each(line, "wal_bytes"),
        wal_page_images=_each(line, "wal_page_images"),
        server_ms=_server_ms(line),
        server_ms_to_there=_to_there(line, by_run, _server_ms),
        wal_bytes_to_there=_to_there(line, by_run, lambda one: _each(one, "wal_bytes")),
        profile_hot_share=_share(line, "profile"),
        lot_hot_share=_share(line, "lot"),
        is_noisy=tps.is_noisy,
    )


def _ratios(
    line: Sequence[Sample], by_run: dict[tuple[object, ...], Sample]
) -> Callable[[Callable[[Sample], tuple[object, ...]]], Spread]:
    def to(reference: Callable[[Sample], tuple[object, ...]]) -> Spread:
        return Spread.of(
            [
                one.outcome.tps / by_run[(*reference(one), one.round_number)].outcome.tps
                for one in line
            ]
        )

    return to


def _server_ms(line: Sequence[Sample]) -> float | None:
    """Return the processor time per transaction, as the median over the rounds."""
    spent = [
        one.outcome.server_ms / one.outcome.transactions
        for one in line
        if one.outcome.server_ms is not None
    ]
    return median(spent) if spent else None


def _to_there(
    line: Sequence[Sample],
    by_run: dict[tuple[object, ...], Sample],
    figure: Callable[[Sequence[Sample]], float | None],
) -> Spread | None:
    """Return a figure per transaction as a part of the other checkout's."""
    ratios = []
    for one in line:
        other = by_run.get((*_key(one, side="there"), one.round_number))
        if one.loaded.side == HERE and other is not None:
            ours, theirs = figure([one]), figure([other])
            if ours and theirs:
                ratios.append(ours / theirs)
    return Spread.of(ratios) if ratios else None


def _each(line: Iterable[Sample], counter: str) -> float:
    """Return a counter per transaction, as the median over the rounds."""
    return median(
        float(getattr(one.outcome.counters, counter)) / one.outcome.transactions for one in line
    )


def _share(line: Iterable[Sample], table: str) -> float | None:
    """Return the share of updates that were HOT, or nothing where none was made."""
    counters = [one.outcome.counters for one in line]
    updates = sum(getattr(one, f"{table}_updates") for one in counters)
    hot = sum(getattr(one, f"{table}_hot_updates") for one in counters)
    return float(hot / updates) if updates else None
