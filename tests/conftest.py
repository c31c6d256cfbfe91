"""Plugins with the fixtures for every test, in any folder."""

from __future__ import annotations

import pytest

# An assertion that fails in a helper says why, as one in a test does.
pytest.register_assert_rewrite("tests.support")

pytest_plugins = [
    "tests.support.plugins.options",
    "tests.support.plugins.sharing",
    "tests.support.plugins.durations",
    "tests.support.plugins.watch",
    "tests.support.plugins.tls",
    "tests.support.plugins.databases",
    "tests.support.plugins.stack",
    "tests.support.plugins.people",
    "tests.support.plugins.stand_ins",
    "tests.support.plugins.cli",
    "tests.support.plugins.sidecar",
    "tests.support.plugins.security",
    "tests.support.plugins.end_to_end",
    "tests.support.plugins.local_stack",
    "tests.support.plugins.wheel",
]
