"""Tests of one worker share what is dear to start: each stack runs once, not once a worker.

A file belongs to the stack that its tests use; every other file is on its own.
"""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from xdist.scheduler import LoadFileScheduling  # type: ignore[import-untyped]

if TYPE_CHECKING:
    from xdist.remote import Producer  # type: ignore[import-untyped]

# Fixtures that run a stack for a whole session, and the fixtures of tests/support that need them.
SHARED = {
    "stack": {"stack", "sign_up", "ana", "ben", "nobody", "checkout_driver"},
    "shared_processes": {"shared_processes", "sidecar_processes", "person"},
    "http_world": {"http_world"},
    "platform": {"platform"},
}


class Scheduler(LoadFileScheduling):  # type: ignore[misc]
    """Gives a worker all files of a stack, or one other file."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return stack_of(self.config.rootpath / file) or file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Scheduler | None:
    """Schedule by stack and file unless the command line says otherwise."""
    return Scheduler(config, log) if config.getoption("dist") == "loadfile" else None


@cache
def stack_of(file: Path) -> str:
    """Return the stack that the tests of a file share, or nothing."""
    functions = [
        node
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
    ]
    asking = [one for one in functions if one.name.startswith("test_") or _is_fixture(one)]
    used = {
        argument.arg
        for one in asking
        for argument in one.args.args
        if not _is_value(one, argument.arg)
    }
    # A fixture of the file itself hides the one of this name in tests/support.
    used -= {one.name for one in functions}
    return next((stack for stack, fixtures in SHARED.items() if fixtures & used), "")


def _is_fixture(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return any("fixture" in ast.unparse(decorator) for decorator in function.decorator_list)


def _is_value(function: ast.FunctionDef | ast.AsyncFunctionDef, name: str) -> bool:
    """Return whether an argument is no fixture: a parameter of the test itself has that name."""
    named = [
        ast.unparse(call.args[0])
        for call in function.decorator_list
        if isinstance(call, ast.Call) and "parametrize" in ast.unparse(call.func)
    ]
    return any(re.search(rf"\b{name}\b", text) for text in named)
