"""In this folder, the world is a stack with a sidecar of the module's own."""

from __future__ import annotations

import pytest

from tests.support.end_to_end.sidecar_processes import SidecarProcesses


@pytest.fixture
def world(sidecar_processes: SidecarProcesses) -> SidecarProcesses:
    return sidecar_processes
