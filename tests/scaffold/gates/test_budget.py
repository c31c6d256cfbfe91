"""The gate on what tests take: a folder above its budget is named, one within it is not."""

from __future__ import annotations

from tests.support import cpu
from tests.support.places import TESTS
from tests.support.plugins.durations import ALL, budget, findings, folder_of, folders, table

FILES = {
    "product/db/test_a.py": [2.0, 3.0, 1.0],
    "product/db/sub/test_b.py": [1.0, 1.0, 2.0],
    "scaffold/docs/test_c.py": [1.0, 9.0, 0.5],
}


def test_files_add_up_to_folders() -> None:
    assert folders(FILES) == {"product/db": [3.0, 4.0, 3.0], "scaffold/docs": [1.0, 9.0, 0.5]}


def test_a_folder_above_its_budget_is_named() -> None:
    found = folders(FILES)
    allowed = {"product/db": 3.0, "scaffold/docs": 0.5, ALL: 3.5}
    assert findings(found, allowed, 1.0) == []
    (above,) = findings(found, allowed | {"product/db": 2.0}, 1.0)
    assert above.startswith("tests/product/db took 3 s of processor time")
    (unknown,) = findings(found, {"product/db": 3.0, ALL: 9.0}, 1.0)
    assert unknown == "tests/scaffold/docs has no line in tests/budget.toml"
    (together,) = findings(found, allowed | {ALL: 3.0}, 1.0)
    assert together.startswith("tests/all took 4 s")


def test_a_slower_machine_has_more() -> None:
    found = {"product/db": [1.0, 1.0, 3.0]}
    allowed = {"product/db": 2.0, ALL: 2.0}
    assert findings(found, allowed, 1.5) == []
    assert len(findings(found, allowed, 1.4)) == 2
    assert 1.0 <= cpu.slowness() < 100


def test_the_table_shows_every_folder_and_the_whole() -> None:
    lines = table(folders(FILES), {"product/db": 3.0})
    assert [line.split()[0] for line in lines] == ["folder", "product/db", "scaffold/docs", "all"]
    assert lines[-1].split()[1:4] == ["4", "13.0", "3.5"]


def test_every_folder_with_tests_has_a_budget() -> None:
    files = {file.relative_to(TESTS).as_posix() for file in TESTS.rglob("test_*.py")}
    assert {folder_of(file) for file in files} | {ALL} == set(budget())


def test_all_together_stay_at_six_minutes_on_two_processors() -> None:
    assert budget()[ALL] <= 2 * 6 * 60


def test_processor_time_grows_with_work() -> None:
    before = cpu.used()
    total = sum(number * number for number in range(300_000))
    assert total > 0
    assert cpu.used() > before
