"""What each folder of tests takes: a table at the end of a run, and a gate on the whole of it.

Seconds of a clock depend on what else the machine does, so that budgets are in seconds of
processor time: of the tests, and of every server and program that they start.
"""

from __future__ import annotations

import time
import tomllib
from collections import defaultdict
from collections.abc import Generator
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

import pytest

from tests.support import cpu
from tests.support.places import TESTS
from tests.support.plugins.sharing import stack_of

BUDGET = TESTS / "budget.toml"
RECORDED = "thumbsmith/seconds"
OUTPUT = "seconds_of_files"
# The line of all folders together.
ALL = "all"
# A file that nobody has timed yet may be a long one.
UNKNOWN = 5.0


@dataclass
class Clock:
    """Times one file after the other in the process that runs the tests."""

    # Of each file: tests, seconds of a clock, seconds of processors.
    seconds: dict[str, list[float]] = field(default_factory=dict)
    current: str = ""
    before: float = 0.0

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(
        self, item: pytest.Item, nextitem: pytest.Item | None
    ) -> Generator[None, object, object]:
        """Add what a test took to its file; look at the processes when the file is over."""
        name = _file(item)
        if name != self.current:
            self.current, self.before = name, cpu.used()
        started = time.monotonic()
        done = yield
        totals = self.seconds.setdefault(name, [0.0, 0.0, 0.0])
        totals[0] += 1
        totals[1] += time.monotonic() - started
        if nextitem is None or nextitem.path != item.path:
            totals[2] += cpu.used() - self.before
            self.current = ""
        return done

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Hand the seconds to the process that writes the report."""
        output = getattr(session.config, "workeroutput", None)
        if output is not None:
            output[OUTPUT] = self.seconds


class Report:
    """Adds up, prints the table, and says whether a folder is above its budget."""

    def __init__(self, config: pytest.Config, clock: Clock) -> None:
        self.config = config
        self.files: dict[str, list[float]] = clock.seconds
        self.findings: list[str] = []

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Take over what a worker has measured."""
        for name, seconds in getattr(node, "workeroutput", {}).get(OUTPUT, {}).items():
            known = self.files.setdefault(name, [0.0, 0.0, 0.0])
            self.files[name] = [a + b for a, b in zip(known, seconds, strict=True)]

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Remember the seconds for the next run's order, and fail above the budget."""
        if getattr(self.config, "cache", None) is not None:
            old = self.config.cache.get(RECORDED, {})
            new = {name: seconds[1] for name, seconds in self.files.items()}
            self.config.cache.set(RECORDED, old | new)
        if is_whole(self.config):
            self.findings = findings(folders(self.files), budget(), cpu.slowness())
        if self.findings and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print the table."""
        if len(self.files) < 2:
            return
        terminalreporter.section("seconds by folder")
        for line in table(folders(self.files), budget()):
            terminalreporter.line(line)
        for finding in self.findings:
            terminalreporter.line(finding, red=True)


def pytest_configure(config: pytest.Config) -> None:
    """Time the tests where they run, and report where the run is controlled."""
    clock = Clock()
    config.pluginmanager.register(clock, "clock")
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Report(config, clock), "seconds")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Begin with shared stacks and long files: one that begins last ends alone, and late."""
    cache = getattr(config, "cache", None)
    recorded = cache.get(RECORDED, {}) if cache is not None else {}
    known = budget()
    counts: dict[str, int] = defaultdict(int)
    for item in items:
        counts[folder_of(_file(item))] += 1
    units: dict[str, float] = defaultdict(float)
    for item in items:
        name = _file(item)
        folder = folder_of(name)
        # Never timed here: what a test of its folder may take on the average.
        seconds = recorded.get(name, UNKNOWN * known.get(folder, 0.0) / counts[folder])
        units[_unit(item)] = max(seconds, units[_unit(item)]) if name == _unit(item) else 1e9
    items.sort(key=lambda item: (-units[_unit(item)], _unit(item)))


def _file(item: pytest.Item) -> str:
    return item.path.relative_to(TESTS).as_posix()


def _unit(item: pytest.Item) -> str:
    """Return what one worker takes as a whole."""
    return stack_of(item.path) or _file(item)


def budget() -> dict[str, float]:
    """Return the seconds of processor time that each folder may take."""
    return dict(tomllib.loads(BUDGET.read_text())["seconds"])


def folder_of(file: str) -> str:
    """Return the folder with a budget: the second one below tests."""
    return "/".join(PurePosixPath(file).parent.parts[:2])


def folders(files: dict[str, list[float]]) -> dict[str, list[float]]:
    """Add up the files of each folder."""
    found: dict[str, list[float]] = {}
    for name, seconds in files.items():
        known = found.setdefault(folder_of(name), [0.0, 0.0, 0.0])
        found[folder_of(name)] = [a + b for a, b in zip(known, seconds, strict=True)]
    return found


def findings(
    found: dict[str, list[float]], allowed: dict[str, float], slowness: float
) -> list[str]:
    """Return a sentence for each folder that takes more than it may, or has no budget.

    All of them together have one too. A slower machine has so many times as much.
    """
    took = {folder: processor for folder, (_, _, processor) in sorted(found.items())}
    took[ALL] = sum(took.values())
    lines = []
    for folder, processor in took.items():
        if folder not in allowed:
            lines.append(f"tests/{folder} has no line in tests/budget.toml")
        elif processor > allowed[folder] * slowness:
            lines.append(
                f"tests/{folder} took {processor:.0f} s of processor time,"
                f" and tests/budget.toml allows {allowed[folder] * slowness:.0f}"
            )
    return lines


def table(found: dict[str, list[float]], allowed: dict[str, float]) -> list[str]:
    """Return a line for each folder, the dearest first, and one for all."""
    whole = [sum(column) for column in zip(*found.values(), strict=True)]
    rows = sorted(found.items(), key=lambda row: -row[1][2])
    lines = [f"{'folder':<24}{'tests':>7}{'clock s':>9}{'CPU s':>8}{'share':>7}{'budget':>8}"]
    for folder, (tests, clock, processor) in [*rows, (ALL, whole)]:
        may = f"{allowed[folder]:.0f}" if folder in allowed else "-"
        share = processor / (whole[2] or 1)
        lines.append(
            f"{folder:<24}{tests:>7.0f}{clock:>9.1f}{processor:>8.1f}{share:>7.0%}{may:>8}"
        )
    return lines


def is_whole(config: pytest.Config) -> bool:
    """Return whether this is the ordinary run of everything, which budgets are for."""
    options = ("keyword", "markexpr", "lf", "failedfirst", "deselect", "full", "collectonly")
    return config.args_source != config.ArgsSource.ARGS and not any(
        config.getoption(name, None) for name in options
    )
