"""Each tool of others runs with our settings: silent on a good file, and not on a bad one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from devtools.gates import tools
from devtools.gates.outcome import Findings

PYTHON = '"""A module."""\n\nONE = 1\n'
SQL = "select 1 as one;\n"
LIVE = "alter table public.profiles add column nickname text;\n"
Tool = Callable[[Path], Findings]


@pytest.mark.parametrize(
    ("tool", "good", "bad", "finding"),
    [
        (tools.ruff_check, PYTHON, PYTHON + "import os\n", "F401"),
        (tools.ruff_check, PYTHON, "ONE = 1\n", "D100"),
        (tools.ruff_format, PYTHON, PYTHON.replace("ONE = 1", "ONE=1"), "+ONE = 1"),
        (tools.mypy, PYTHON, PYTHON.replace("= 1", ": str = 1"), "Incompatible types"),
        (tools.mypy, PYTHON, PYTHON + "def f(x):\n    return x\n", "missing a type annotation"),
        (tools.sqlfluff, SQL, "SELECT 1 as one;\n", "CP01"),
        (tools.squawk, LIVE, LIVE.replace("text", "text not null"), "adding-required-field"),
        (tools.squawk, LIVE, "drop table public.profiles;\n", "ban-drop-table"),
        (tools.squawk, LIVE, "create index i on public.profiles (id);\n", "concurrent"),
    ],
)
def test_a_tool_finds_what_is_bad(
    tmp_path: Path, tool: Tool, good: str, bad: str, finding: str
) -> None:
    file = tmp_path / ("a.sql" if tool in {tools.sqlfluff, tools.squawk} else "a.py")
    file.write_text(good)
    assert tool(file) == []
    file.write_text(bad)
    assert finding in "\n".join(tool(file))
