"""How much processor time this process and all that it started have used."""

from __future__ import annotations

import os
import time
from pathlib import Path

PROC = Path("/proc")
# What _work() takes on the machine that tests/budget.toml was measured on.
REFERENCE_SECONDS = 0.043
TICKS = os.sysconf("SC_CLK_TCK")
# In /proc/<pid>/stat, behind the name: the parent; then user and system time, own and of children
# that have ended.
PARENT, OWN, ENDED = 1, slice(11, 13), slice(13, 15)


def used() -> float:
    """Return the seconds so far; without /proc, of what has ended and been waited for."""
    own = os.times()
    total = sum(own[:4])
    if not PROC.is_dir():
        return total
    children, seconds = _processes()
    todo = list(children.get(os.getpid(), ()))
    while todo:
        pid = todo.pop()
        total += seconds[pid]
        todo += children.get(pid, ())
    return total


def slowness() -> float:
    """Return how many times as long as on the machine of the budgets a fixed piece of work takes.

    At least 1: a budget is no looser on a faster machine.
    """
    return max(1.0, min(_work() for _ in range(5)) / REFERENCE_SECONDS)


def _work() -> float:
    began = time.process_time()
    total = sum(number * number % 7 for number in range(1_000_000))
    assert total > 0
    return time.process_time() - began


def _processes() -> tuple[dict[int, list[int]], dict[int, float]]:
    """Return the children of each process, and the seconds of each."""
    children: dict[int, list[int]] = {}
    seconds: dict[int, float] = {}
    for entry in os.scandir(PROC):
        if not entry.name.isdigit():
            continue
        try:
            text = Path(entry.path, "stat").read_text()
        except OSError:  # it has ended
            continue
        fields = text.rpartition(")")[2].split()
        pid = int(entry.name)
        children.setdefault(int(fields[PARENT]), []).append(pid)
        seconds[pid] = sum(map(int, [*fields[OWN], *fields[ENDED]])) / TICKS
    return children, seconds
