"""No test imports another: what two of them share is in tests/support."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.support.places import TESTS

FOLDERS = ("product", "scaffold")


def imported(source: str) -> set[str]:
    """Return the modules that a file imports from tests, in full."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            found |= {f"{module}.{alias.name}" for alias in node.names}
    return {name for name in found if name.startswith(("tests.", "."))}


def misplaced(root: Path) -> list[str]:
    """Return the modules in the test folders that are neither a test nor a file of fixtures."""
    return [
        file.relative_to(root).as_posix()
        for folder in FOLDERS
        for file in (root / folder).rglob("*.py")
        if file.name != "conftest.py" and not file.name.startswith("test_")
    ]


def cross_imports(root: Path) -> list[str]:
    """Return each import of a test file by another, or of anything else outside tests/support."""
    return [
        f"{file.relative_to(root).as_posix()}: {name}"
        for file in sorted(root.rglob("*.py"))
        for name in sorted(imported(file.read_text()))
        if not name.startswith("tests.support.")
    ]


def test_the_folders_hold_only_tests_and_fixtures() -> None:
    assert misplaced(TESTS) == []


def test_no_test_imports_another() -> None:
    assert cross_imports(TESTS) == []


@pytest.mark.parametrize(
    "line",
    [
        "from tests.product.db.test_options import wait",
        "import tests.conftest",
        "from tests import conftest",
        "from .test_options import wait",
        "def later() -> None:\n    from tests.scaffold.bench import test_bench",
    ],
)
def test_an_import_and_a_shared_module_are_found(tmp_path: Path, line: str) -> None:
    folder = tmp_path / "product" / "db"
    folder.mkdir(parents=True)
    (folder / "test_a.py").write_text("from tests.support.database import Database\n")
    assert (cross_imports(tmp_path), misplaced(tmp_path)) == ([], [])
    (folder / "test_a.py").write_text(line)
    (folder / "shared.py").touch()
    (found,) = cross_imports(tmp_path)
    assert found.startswith("product/db/test_a.py: ")
    assert misplaced(tmp_path) == ["product/db/shared.py"]
