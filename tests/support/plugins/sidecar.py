"""An environment without any setting of the sidecar."""

from __future__ import annotations

import os

import pytest

PREFIXES = {"SIDECAR", "SUPABASE", "REPLICATE", "STRIPE", "WORKER", "OUTPUT", "ALLOW", "LOG"}


@pytest.fixture
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take every setting of the sidecar out of the environment."""
    for name in list(os.environ):
        if name.partition("_")[0] in PREFIXES:
            monkeypatch.delenv(name)
