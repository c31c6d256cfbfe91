"""The gate of retired identifiers: none in the tree, and a planted one is found."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from devtools.gates import retired
from devtools.gates.outcome import NotRunError

# In parts, so that a plain search for a retired word does not find this file.
OUTBOX = ".".join(("private", "outbox"))
RUNS = "_".join(("generation", "runs"))
TWIN = "_".join(("twin", "of"))
REST = "_".join(("is", "rest"))


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Return a repository with one file that is as it should be."""
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    (tmp_path / "good.sql").write_text("select * from private.jobs;\n")
    return tmp_path


def test_the_tree_has_no_retired_identifier() -> None:
    assert retired.check() == []


def test_a_planted_identifier_is_found_with_its_place_and_its_successor(repository: Path) -> None:
    assert retired.check(repository) == []
    (repository / "bad.sql").write_text(f"select 1;\nselect * from {OUTBOX};\n")
    assert retired.check(repository) == [f"bad.sql:2: {OUTBOX}, now private.jobs"]


def test_a_name_of_a_file_counts_too(repository: Path) -> None:
    (repository / f"create_{RUNS}.sql").touch()
    (finding,) = retired.check(repository)
    assert finding == f"create_{RUNS}.sql: create_{RUNS}, now generation_attempts"


def test_a_part_of_another_word_is_no_finding(repository: Path) -> None:
    (repository / "odd.py").write_text(f"{REST}ored = {REST}ful = 1\n")
    assert retired.check(repository) == []
    (repository / "odd.py").write_text(f"{REST} = 1\n")
    assert retired.check(repository) == [f"odd.py:1: {REST}, now is_proration"]


def test_exempt_paths_may_mention_the_past(repository: Path) -> None:
    for name in ("docs/glossary.md", "docs/other.md"):
        (repository / name).parent.mkdir(exist_ok=True)
        (repository / name).write_text(f"`{TWIN}` was its name.\n")
    assert retired.check(repository) == [f"docs/other.md:1: {TWIN}, now duplicate_of"]


def test_a_providers_own_word_stays_where_it_is_meant(repository: Path) -> None:
    kept = repository / "scripts" / "stand_ins" / "replicate" / "state.py"
    kept.parent.mkdir(parents=True)
    for file in (kept, repository / "worker.py"):
        file.write_text("prediction_id = 1\n")
    assert retired.check(repository) == ["worker.py:1: prediction_id, now provider_job_id"]


def test_every_pattern_finds_what_its_row_is_about() -> None:
    table = retired.read()
    assert len(table) > 80
    assert [one.instead for one in table if one.pattern.search(one.instead)] == []


def test_without_a_repository_the_gate_says_so(tmp_path: Path) -> None:
    with pytest.raises(NotRunError, match="git"):
        retired.check(tmp_path)
