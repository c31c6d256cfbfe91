"""Names, headers and size of migration files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import postgast

from local_stack.paths import PROJECT

VERBS = ("create", "add", "alter", "enforce", "backfill", "grant", "revoke", "fix", "drop")
HEADER = ("Purpose", "Touches", "Locks", "Rollout", "Undo")
MAX_LINES = 300
_NAME = re.compile(rf"\d{{14}}_({'|'.join(VERBS)})_[a-z0-9_]+\.sql")


def check(folder: Path = PROJECT) -> list[str]:
    """Check every migration."""
    files = sorted((folder / "supabase" / "migrations").glob("*.sql"))
    return [finding for file in files for finding in findings(file.name, file.read_text())]


def findings(name: str, content: str) -> Iterator[str]:
    """Yield what is wrong with one migration."""
    if not _NAME.fullmatch(name):
        yield f"{name}: not YYYYMMDDHHMMSS_<verb>_<object>.sql with a verb of {', '.join(VERBS)}"
    elif not _is_time(name[:14]):
        yield f"{name}: {name[:14]} is no time in UTC"
    for word in HEADER:
        if not re.search(rf"^-- {word}: ", content, re.MULTILINE):
            yield f"{name}: the header says nothing on {word}"
    # A file runs as one transaction: this would end it half-way.
    if any(one.stmt.HasField("transaction_stmt") for one in postgast.parse(content).stmts):
        yield f"{name}: begins or ends a transaction"
    if (lines := content.count("\n")) > MAX_LINES:
        yield f"{name}: {lines} lines, at most {MAX_LINES}"


def _is_time(text: str) -> bool:
    try:
        datetime.strptime(f"{text}+0000", "%Y%m%d%H%M%S%z")
    except ValueError:
        return False
    return True
