"""docs/threat-model.md names tests that exist, one at least for every threat."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

TESTS = Path(__file__).parents[2]
PAGE = TESTS.parent / "docs" / "threat-model.md"
HEADER = "| threat | what stops it | shown by | ASVS |"


def threats(page: str) -> Iterator[list[str]]:
    """Yield the cells of every row of the tables of threats."""
    for table in page.split(HEADER)[1:]:
        for line in table.lstrip("\n").splitlines()[1:]:
            if not line.startswith("|"):
                break
            yield [cell.strip() for cell in line.strip("|").split(" | ")]


def missing(shown_by: str) -> list[str]:
    """Return the tests of a cell that do not exist; a cell without any is missing itself."""
    named = re.findall(r"`([\w/]+\.py)(?:::(\w+))?`", shown_by)
    absent = [
        f"{file}::{test}"
        for file, test in named
        if not (TESTS / file).exists() or f"def {test or 'test_'}" not in (TESTS / file).read_text()
    ]
    return absent if named else [shown_by]


def test_every_threat_is_stopped_by_something_that_a_test_shows() -> None:
    rows = list(threats(PAGE.read_text()))
    assert len(rows) >= 40
    for row in rows:
        assert len(row) == 4, row
        assert all(row), row
        assert re.fullmatch(r"\d+\.\d+\.\d+(, \d+\.\d+\.\d+)*", row[3]), row
        assert missing(row[2]) == [], row[0]


def test_a_test_that_is_gone_is_missed() -> None:
    assert missing("`scaffold/docs/test_threat_model.py::test_a_test_that_is_gone_is_missed`") == []
    assert missing("`scaffold/docs/test_threat_model.py`") == []
    gone = "scaffold/docs/test_threat_model.py::test_" + "gone"
    assert missing(f"`{gone}`, `scaffold/docs/test_threat_model.py`") == [gone]
    assert missing("a promise") == ["a promise"]
