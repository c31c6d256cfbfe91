"""How much is sent in every run, and how much in a long one."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, Phase, settings

SEED = int(os.environ.get("HOSTILE_SEED", "20261125"))


# What was sent before stays sent, so nothing is made shorter: the call itself is printed.
HOW = settings(
    max_examples=25,
    phases=[Phase.generate],
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


FULL = settings(HOW, max_examples=1_000)
