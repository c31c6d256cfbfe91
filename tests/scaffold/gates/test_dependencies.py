"""What is said of the packages we build on."""

from __future__ import annotations

from typing import Any

import pytest

from devtools.gates import dependencies
from devtools.gates.outcome import NotRunError

SOUND: dict[str, Any] = {"name": "httpx", "version": "0.28.1", "vulns": []}
WEAK = SOUND | {"vulns": [{"id": "PYSEC-1", "fix_versions": ["0.29"], "aliases": []}]}
UNHEARD = {"name": "other", "skip_reason": "not found"}


def test_a_known_weakness_is_found() -> None:
    assert dependencies.weaknesses({"dependencies": [SOUND]}) == []
    assert dependencies.weaknesses({"dependencies": [SOUND, WEAK]}) == [
        "httpx 0.28.1: PYSEC-1, mended in 0.29"
    ]


def test_what_nobody_knows_about_is_found_and_knowing_nothing_is_no_answer() -> None:
    assert dependencies.weaknesses({"dependencies": [SOUND, UNHEARD]}) == ["other: not found"]
    with pytest.raises(NotRunError, match="no advisories here: not found"):
        dependencies.weaknesses({"dependencies": [UNHEARD]})


@pytest.mark.parametrize(
    "name_of_license",
    [
        "MIT",
        "Apache-2.0 OR GPL-3.0-only",
        "MPL-2.0 AND MIT",
        "DFSG approved; MIT License",
        "\n   Apache License\n   Version 2.0, January 2004\n and so on",
    ],
)
def test_a_license_we_agreed_to_is_let_through(name_of_license: str) -> None:
    assert list(dependencies.surprises({"some-package": name_of_license})) == []


@pytest.mark.parametrize(
    "name_of_license",
    ["GPL-3.0-only", "AGPL-3.0", "MIT AND GPL-2.0-only", "UNKNOWN", "", "LGPL-3.0-only"],
)
def test_a_license_we_did_not_agree_to_is_found(name_of_license: str) -> None:
    assert list(dependencies.surprises({"some-package": name_of_license})) == [
        f"some-package: its license is {name_of_license!r}"
    ]


def test_an_exception_is_for_one_package_and_one_license() -> None:
    assert list(dependencies.surprises({"psycopg": "LGPL-3.0-only"})) == []
    assert len(list(dependencies.surprises({"psycopg": "GPL-3.0-only"}))) == 1
