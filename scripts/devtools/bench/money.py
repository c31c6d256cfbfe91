"""Money is verified after every run: a benchmark that loses credits measures nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import psycopg

from devtools.bench.server import SQL
from thumbsmith.checks.questions import run_checks

if TYPE_CHECKING:
    from pathlib import Path


class MoneyError(Exception):
    """Credits are not where they should be."""


@dataclass(frozen=True)
class Money:
    """The sums of a ledger."""

    profiles: int
    entries: int
    credits: int
    wrong: int


def count(url: str) -> Money:
    """Add up the ledger."""
    with psycopg.connect(url) as connection:
        row = connection.execute((SQL / "money.sql").read_bytes()).fetchone()
    if row is None:
        message = "sql/bench/money.sql gave no row"
        raise MoneyError(message)
    return Money(*row)


def verify(url: str, credits_left: int | None = None) -> Money:
    """Raise unless all sums agree for everybody and, if given, so many credits are left in all."""
    money = count(url)
    if money.wrong:
        message = f"{money.wrong} of {money.profiles} profiles differ from their ledger"
        raise MoneyError(message)
    if credits_left is not None and money.credits != credits_left:
        message = f"{money.credits} credits are left, {credits_left} were to be expected"
        raise MoneyError(message)
    return money


def verify_all(url: str, checks: Path | None = None) -> None:
    """Raise unless every question of sql/checks finds the database healthy."""
    found = run_checks(url, checks)
    broken = [f"{one.promise} ({len(one.rows)} rows)" for one in found if one.rows]
    if broken:
        raise MoneyError("; ".join(broken))
