"""In this folder, the world is the stack of those who make things go wrong."""

from __future__ import annotations

import pytest

from tests.support.end_to_end.sidecar_processes import SidecarProcesses


@pytest.fixture
def world(sidecar_processes: SidecarProcesses) -> SidecarProcesses:
    return sidecar_processes
