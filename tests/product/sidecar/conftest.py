"""The real stand-in for Replicate, for the tests of the gateway and the jobs."""

from __future__ import annotations

from tests.scaffold.stand_ins.replicate.conftest import stand_in, stand_in_process

__all__ = ["stand_in", "stand_in_process"]
