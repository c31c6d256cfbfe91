"""Calls that are made at the same moment."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import psycopg

from tests.support.database import refusal


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    """Make all calls at the same moment; return each one's result, or the slug of its refusal."""
    start = Barrier(len(calls))

    def run(call: Callable[[], Any]) -> Any:
        start.wait(30)
        try:
            return call()
        except psycopg.Error as error:
            said = refusal(error)
            # A deadlock or any other fault of ours has no PT state: it must not pass as a refusal.
            if said.sqlstate is None or not said.sqlstate.startswith("PT"):
                raise
            return said.slug

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def repeat(call: Callable[[], Any], times: int) -> Sequence[Callable[[], Any]]:
    return [call] * times
