"""Long lines and decisions that are listed otherwise are found."""

from __future__ import annotations

from pathlib import Path

import pytest

from devtools.gates import prose

LONG = "word " * 30
ROW = "| 1 | [A title](0001-a.md) | 2026-11-24 | accepted |\n"
DECISION = "# 1. A title\n\nDate: 2026-11-24. Status: accepted.\n"


@pytest.mark.parametrize(
    ("text", "is_found"),
    [
        ("short\n", False),
        (LONG, True),
        (f"| {LONG} |\n", False),
        (f"```\n{LONG}\n```\n", False),
        (f"```\ncode\n```\n{LONG}\n", True),
        (f"https://example.com/{LONG}\n", False),
    ],
)
def test_a_line_of_prose_is_at_most_120_characters(
    tmp_path: Path, text: str, is_found: bool
) -> None:
    (tmp_path / "page.md").write_text(text)
    assert bool(list(prose.long_lines(tmp_path))) is is_found


@pytest.mark.parametrize(
    ("row", "decision", "finding"),
    [
        (ROW, DECISION, None),
        ("", DECISION, "lists it otherwise"),
        (ROW.replace("accepted", "replaced by 2"), DECISION, "lists it otherwise"),
        (ROW, DECISION.replace("# 1.", "# 2."), "its number is 2"),
        (ROW, DECISION.replace("Date", "Day"), "begins with"),
        (ROW + ROW.replace("0001-a", "0002-b"), DECISION, "listed, and not there"),
    ],
)
def test_a_decision_is_listed_as_it_is(
    tmp_path: Path, row: str, decision: str, finding: str | None
) -> None:
    (tmp_path / "README.md").write_text(row)
    (tmp_path / "0001-a.md").write_text(decision)
    found = list(prose.decisions(tmp_path))
    assert (finding is None) == (found == [])
    assert finding is None or finding in found[0]


def test_ours_are_as_they_have_to_be() -> None:
    assert prose.check() == []
