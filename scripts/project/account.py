"""The account PostgreSQL runs under: it refuses to run as root."""

from __future__ import annotations

import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Account:
    """An ordinary user of this machine."""

    name: str
    uid: int
    gid: int

    def popen_options(self) -> dict[str, Any]:
        """Return arguments that make `subprocess` run a child as this user."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def own(self, *paths: Path) -> None:
        """Give files to this user."""
        for path in paths:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)

    def own_tree(self, root: Path) -> None:
        """Give a whole folder to this user."""
        self.own(root)
        for folder, names, files in os.walk(root):
            self.own(*(Path(folder, name) for name in (*names, *files)))

    def can(self, test: str, path: Path) -> bool:
        """Ask `test -r|-w|-x path` as this user: only that knows about every folder above."""
        argv = ["test", f"-{test}", str(path)]
        done = subprocess.run(argv, cwd="/", check=False, **self.popen_options())  # noqa: S603
        return done.returncode == 0


def postgres_account() -> Account | None:
    """Return whom to run PostgreSQL as: None for ourselves, another user when we are root."""
    if os.getuid() != 0:
        return None
    entry = pwd.getpwnam(os.environ.get("THUMBSMITH_POSTGRES_USER", "nobody"))
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)
