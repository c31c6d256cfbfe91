"""The start of a command: what takes long to load is loaded only by the commands that need it."""

from __future__ import annotations

import json
import subprocess
import sys

HEAVY = {"devtools", "httpx", "local_stack", "replicate", "rich", "starlette", "stripe"}
LOADED = "import json, sys; print(json.dumps(sorted(sys.modules)))"


def loaded_by(module: str) -> set[str]:
    """Return the modules that a new Python has after importing this one."""
    command = [sys.executable, "-c", f"import {module}; {LOADED}"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return set(json.loads(done.stdout))


def test_no_heavy_module_is_loaded_at_the_start() -> None:
    found = loaded_by("thumbsmith.cli")
    assert "thumbsmith.stripe.commands" in found
    assert found & HEAVY == set()
    # Positive control: what needs httpx is seen to load it.
    assert "httpx" in loaded_by("functions_py.payloads")
