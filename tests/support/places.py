"""Where the servers of tests keep their files."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.canaries import look_at_folder

TESTS = Path(__file__).parents[1]
MEMORY = Path("/dev/shm")  # noqa: S108
ROOM = 4 * 2**30


@contextmanager
def short_lived() -> Iterator[Path]:
    """Lend a folder, in memory where there is room for it.

    A copy of a database is 600 files: on a disk they cost five times as much, for every test.
    """
    with tempfile.TemporaryDirectory(
        prefix="thumbsmith-test-", dir=MEMORY if _has_room() else None
    ) as folder:
        # The server may run under another account, which has to get here.
        Path(folder).chmod(0o755)
        try:
            yield Path(folder)
        finally:
            look_at_folder(Path(folder))


def _has_room() -> bool:
    return os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ROOM
