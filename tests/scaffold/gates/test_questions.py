"""Every check says what to do about a row."""

from __future__ import annotations

from pathlib import Path

import pytest

from devtools.gates import questions
from thumbsmith.console.errors import CommandError

GOOD = "-- All is well.\n-- Then: mend it with the command for that, and look again.\nselect 1;\n"


@pytest.mark.parametrize(
    ("content", "finding"),
    [
        (GOOD, None),
        ("-- All is well.\nselect 1;\n", "-- Then:"),
        ("-- All is well.\n-- Then: mend it.\nselect 1;\n", "-- Then:"),
        (GOOD.replace("well.", "well, and"), "one sentence"),
    ],
)
def test_a_check_without_an_instruction_is_found(
    tmp_path: Path, content: str, finding: str | None
) -> None:
    folder = tmp_path / "sql" / "checks"
    folder.mkdir(parents=True)
    (folder / "all_is_well.sql").write_text(content)
    found = questions.check(tmp_path)
    assert (finding is None) == (found == [])
    assert finding is None or finding in found[0]


def test_ours_all_have_one_and_no_question_is_an_error(tmp_path: Path) -> None:
    assert questions.check() == []
    with pytest.raises(CommandError, match="nothing_to_ask"):
        questions.check(tmp_path)
