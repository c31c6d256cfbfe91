"""Which stack a test uses is known from its file, so that one worker runs all that share it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.plugins.sharing import SHARED, stack_of


def test_the_stack_of_a_file_is_the_one_that_its_tests_use(request: pytest.FixtureRequest) -> None:
    for item in request.session.items:
        used = set(getattr(item, "fixturenames", ())) & set(SHARED)
        assert not used or stack_of(item.path) in used, (item.nodeid, used)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("def test_it(ana: Caller) -> None: ...", "stack"),
        ("async def test_it(db, http_world): ...", "http_world"),
        ("def ana(db): ...\ndef test_it(ana): ...", ""),
        ("def test_it(db): ...", ""),
        ("@pytest.mark.parametrize('person', [1])\ndef test_it(person): ...", ""),
        ("def helper(http_world): ...\ndef test_it(db): ...", ""),
    ],
)
def test_a_fixture_of_the_file_hides_the_shared_one(
    tmp_path: Path, source: str, expected: str
) -> None:
    file = tmp_path / "test_it.py"
    file.write_text(source)
    assert stack_of(file) == expected
