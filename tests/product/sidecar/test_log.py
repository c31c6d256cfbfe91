"""What reaches the log, and what never does."""

from __future__ import annotations

import json
import subprocess
import sys

SCRIPT = """
import logging
from functions_py.log import configure_logging, log, origin
configure_logging("INFO")
log.debug("too quiet")
log.info("job", job_id=7)
logging.getLogger("httpx").info("HTTP Request: GET https://x.co/?token=hush")
logging.getLogger("uvicorn.error").warning("odd %s of %d", "hush", 5)
import psycopg
lost = psycopg.errors.InvalidPassword("hush")
logging.getLogger("psycopg.pool").warning("error connecting in %r: %s", "pool-1", lost)
try:
    raise ValueError("hush")
except ValueError as error:
    logging.getLogger("uvicorn.error").exception("Exception in ASGI application")
    log.error("bug", error=origin(error))
"""


def test_lines_are_json_with_ids_and_without_what_errors_carry() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, timeout=30, check=True
    )
    lines = [json.loads(line) for line in ended.stdout.splitlines()]
    assert [line["event"] for line in lines] == ["job", "library", "library", "library", "bug"]
    assert (lines[0]["job_id"], lines[0]["level"]) == (7, "info")
    assert lines[1]["text"] == "odd … of 5"
    said = [lines[2][name] for name in ("text", "error", "sqlstate")]
    assert said == ["error connecting in '…': InvalidPassword", "InvalidPassword", "28P01"]
    assert lines[3]["error"] == "ValueError"
    assert lines[4]["error"].startswith("ValueError at ")
    assert "hush" not in ended.stdout + ended.stderr
