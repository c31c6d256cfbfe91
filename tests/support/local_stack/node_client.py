"""One Node.js process that calls supabase-js for all tests of a worker.

Node.js and the library take a third of a second to start: more than most of the calls.
"""

from __future__ import annotations

import json
import subprocess
from typing import Any

from local_stack import programs
from local_stack.paths import NODE_DIR
from tests.support.places import TESTS
from thumbsmith.project.process import base_environment

_RUNNER = TESTS / "scaffold" / "local_stack" / "js" / "run.mjs"


class NodeClient:
    """Starts the process with the first call; `close` ends it."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None

    def call(self, request: dict[str, Any]) -> Any:
        """Send a request, and return what the function of the script returns."""
        process = self._process or self._start()
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(request) + "\n")
        process.stdin.flush()
        line = process.stdout.readline()
        assert line, f"Node.js ended with {process.wait(10)}"
        answer = json.loads(line)
        assert "failure" not in answer, answer["failure"]
        return answer["result"]

    def close(self) -> None:
        """End the process: it ends with its input."""
        if self._process is not None:
            self._process.communicate(timeout=10)
            self._process = None

    def _start(self) -> subprocess.Popen[str]:
        self._process = subprocess.Popen(
            [programs.node(), str(_RUNNER)],
            env=base_environment() | {"NODE_DIR": str(NODE_DIR)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        return self._process


NODE = NodeClient()
