"""The benchmark, in small: it measures, counts, and never loses sight of the money."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import psycopg
import pytest

from devtools.bench import figures, load, measure, money, pgbench, statements
from devtools.bench.scenarios import FLOOR, SCENARIOS, Group
from devtools.bench.server import HERE, SQL, Side, there
from local_stack import databases
from local_stack.paths import PROJECT
from local_stack.postgres import ADMIN
from tests.support.cli.operating import invoke
from tests.support.local_stack.stack_process import parsed, thumbsmith
from thumbsmith.project.errors import CommandFailedError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local_stack.postgres import Postgres

ROWS = 1_000


@pytest.fixture
def loaded(server: Postgres) -> Iterator[load.Loaded]:
    """Yield a database with a small history."""
    try:
        yield load.load(server, ROWS)
    finally:
        databases.drop(server, f"ledger_{ROWS}")


def url(server: Postgres, loaded: load.Loaded) -> str:
    return server.url(ADMIN, loaded.name)


def tamper(server: Postgres, loaded: load.Loaded, statement: str) -> None:
    """Change what no rule would allow."""
    with psycopg.connect(url(server, loaded), autocommit=True) as connection:
        connection.execute("set session_replication_role = 'replica'")
        connection.execute(statement.encode())


def test_a_loaded_ledger_has_its_rows_and_passes_every_check(
    server: Postgres, loaded: load.Loaded
) -> None:
    found = money.verify(url(server, loaded))
    assert (found.entries, found.profiles, found.wrong) == (ROWS, loaded.profiles, 0)
    money.verify_all(url(server, loaded))
    with psycopg.connect(url(server, loaded)) as connection:
        row = connection.execute(
            "select entry_count from public.profiles where id = bench.person_id(1)"
        ).fetchone()
    assert row == (ROWS // 10,)


@pytest.mark.parametrize(
    "statement",
    [
        "update public.profiles set credits = credits + 1 where id = bench.person_id(7)",
        "update public.credit_lots set remaining = remaining - 1"
        " where profile_id = bench.person_id(7)",
        "delete from public.credit_entries"
        " where profile_id = bench.person_id(7) and entry_number = 2",
    ],
    ids=["balance", "lot", "entry"],
)
def test_a_tampered_balance_stops_the_bench(
    server: Postgres, loaded: load.Loaded, statement: str
) -> None:
    money.verify(url(server, loaded))
    tamper(server, loaded, statement)
    with pytest.raises(money.MoneyError, match="1 of 200 profiles differ"):
        money.verify(url(server, loaded))
    with pytest.raises(money.MoneyError):
        money.verify_all(url(server, loaded))


def test_credits_that_nobody_asked_for_stop_the_bench(
    server: Postgres, loaded: load.Loaded
) -> None:
    left = money.verify(url(server, loaded)).credits
    money.verify(url(server, loaded), left)
    with pytest.raises(money.MoneyError, match="were to be expected"):
        money.verify(url(server, loaded), left - 10)


def test_a_failing_script_stops_the_bench(server: Postgres, loaded: load.Loaded) -> None:
    persons = loaded.persons(is_hot=True)
    tamper(server, loaded, "delete from public.generation_types")
    with pytest.raises(CommandFailedError, match="generation_type_not_found"):
        pgbench.run(
            server,
            loaded.name,
            SQL / "request_generation.sql",
            role="postgres",
            clients=1,
            length=("-T", 1),
            persons=persons,
        )


def sample(
    round_number: int,
    script: str,
    rows: int,
    tps: float,
    *,
    server_ms: float | None = None,
    side: Side = HERE,
) -> measure.Sample:
    scenario = next(one for one in SCENARIOS if one.script == script)
    counters = pgbench.Counters(40, 2, 4000, 10, 9, 0, 0)
    return measure.Sample(
        round_number,
        load.Loaded(f"ledger_{rows}", rows, 10, 1.0, side),
        Group(is_hot=False, clients=2, scenarios=SCENARIOS),
        scenario,
        pgbench.Outcome(10, tps, 1.0, counters, server_ms),
    )


def test_ratios_are_taken_within_a_round_and_counters_per_transaction() -> None:
    samples = [
        sample(0, FLOOR, 1000, 100.0),
        sample(0, "spend", 1000, 50.0),
        sample(0, FLOOR, 5000, 100.0),
        sample(0, "spend", 5000, 25.0),
        sample(1, FLOOR, 1000, 1000.0),
        sample(1, "spend", 1000, 400.0),
        sample(1, FLOOR, 5000, 1000.0),
        sample(1, "spend", 5000, 400.0),
    ]
    found = {(one.script, one.rows): one for one in figures.summarize(samples)}
    large = found["spend", 5000]
    assert (large.to_floor.min, large.to_floor.max) == (0.25, 0.4)
    assert (large.to_smallest.min, large.to_smallest.max) == (0.5, 1.0)
    assert (large.wal_records, large.wal_bytes, large.profile_hot_share) == (4.0, 400.0, 0.9)
    assert large.lot_hot_share is None
    assert large.is_noisy
    assert not figures.Spread.of([100.0, 149.0]).is_noisy


def test_another_checkout_is_measured_by_its_own_files(server: Postgres) -> None:
    # As this one would be from there.
    other = load.load(server, ROWS, Side("there", PROJECT, "migrated"))
    try:
        assert other.name == f"ledger_{ROWS}_there"
        spend = next(one for one in SCENARIOS if one.script == "spend")
        assert statements.of_a_transaction(server, other, spend) > 1
        money.verify_all(url(server, other), other.side.checks)
    finally:
        databases.drop(server, other.name)


def test_two_checkouts_are_compared_within_a_round() -> None:
    samples = [
        sample(0, "spend", 1000, 50.0, server_ms=30.0),
        sample(0, "spend", 1000, 50.0, server_ms=20.0, side=there(PROJECT)),
        sample(1, "spend", 1000, 50.0, server_ms=20.0),
        sample(1, "spend", 1000, 50.0, server_ms=40.0, side=there(PROJECT)),
        *(
            sample(n, FLOOR, 1000, 99.0, side=side)
            for n in (0, 1)
            for side in (HERE, there(PROJECT))
        ),
    ]
    found = {one.side: one for one in figures.summarize(samples) if one.script == "spend"}
    compared = found["here"].server_ms_to_there
    assert compared is not None
    assert (compared.min, compared.median, compared.max) == (0.5, 1.0, 1.5)
    assert found["here"].server_ms == 2.5
    assert found["there"].server_ms_to_there is None
    same = found["here"].wal_bytes_to_there
    assert same is not None
    assert same.median == 1.0


def test_the_command_measures_from_end_to_end() -> None:
    short = ("--sizes=1000", "--clients=1", "--seconds=1", "--rounds=1", "--warm-up=0")
    done = thumbsmith("bench", *short, "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    report = parsed(done)
    assert report["ok"]
    assert report["machine"]["cores"] >= 1
    assert report["machine"]["settings"]["fsync"] == "on"
    assert report["machine"]["sync_ms"] > 0
    assert {one["side"] for one in report["figures"]} == {"here"}
    lines = {(one["script"], one["people"]): one for one in report["figures"]}
    assert set(lines) == {(one.script, who) for one in SCENARIOS for who in ("many", "one")}
    request = lines["request_generation", "many"]
    assert request["to_floor"]["median"] > 0
    assert request["to_smallest"]["median"] == 1
    assert request["wal_records"] > lines[FLOOR, "many"]["wal_records"]
    assert request["wal_bytes_to_there"] is None
    assert request["statements"] > lines["spend", "many"]["statements"] > 1
    assert 0 <= request["profile_hot_share"] <= 1
    assert 0 <= request["lot_hot_share"] <= 1
    (database,) = report["databases"]
    burned = database["money"]["entries"] - ROWS
    assert (database["rows"], database["money"]["wrong"]) == (ROWS, 0)
    assert burned > 0
    granted = database["profiles"] * 1_000_000_000
    spent = (database["money"]["entries"] - database["profiles"]) * 10
    assert database["money"]["credits"] == granted - spent


def test_sizes_that_are_no_numbers_are_refused() -> None:
    done = invoke("bench", "--sizes=many", "--json")
    assert (done.returncode, "--sizes" in json.loads(done.stdout)["detail"]) == (2, True)


def test_every_script_says_what_it_is_for() -> None:
    files = sorted(SQL.glob("*.sql"))
    assert {one.script for one in SCENARIOS} < {file.stem for file in files}
    for file in files:
        assert file.read_text().startswith("-- "), file.name
