"""The real Supabase CLI, always aimed at an explicit database, and quiet."""

from __future__ import annotations

import os
import tempfile
from typing import TYPE_CHECKING

from local_stack import programs
from local_stack.paths import PROJECT
from thumbsmith.project import addresses, commands
from thumbsmith.project.process import base_environment

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

_QUIET = {
    "DO_NOT_TRACK": "1",
    "SUPABASE_TELEMETRY_DISABLED": "1",
    "SUPABASE_NO_UPDATE_NOTIFIER": "1",
    "SUPABASE_NO_KEYRING": "1",
    "NO_COLOR": "1",
}


def supabase(
    *arguments: str,
    remote: str | None = None,
    project: Path = PROJECT,
    check: bool = True,
    timeout: float = 120,
) -> subprocess.CompletedProcess[str]:
    """Run the CLI in a project folder, on the database with the address `remote`."""
    aimed, more = _aim(remote) if remote else ([], {})
    with tempfile.TemporaryDirectory(prefix="thumbsmith-cli-") as home:
        env = base_environment() | _QUIET | {"HOME": home, "SUPABASE_HOME": home}
        env |= more
        env["PATH"] = os.pathsep.join([str(programs.node_root() / "bin"), env["PATH"]])
        argv = [*programs.supabase_cli(), *arguments, *aimed, "--workdir", str(project)]
        return commands.run(argv, env=env, cwd=project, check=check, timeout=timeout)


def migrate(database_url: str, project: Path = PROJECT, *, timeout: float = 300) -> str:
    """Apply the migrations that the database does not have yet, as the role of the address."""
    if not any((project / "supabase" / "migrations").glob("*.sql")):
        return ""
    return supabase(
        "migration", "up", "--yes", remote=database_url, project=project, timeout=timeout
    ).stdout


def _aim(database_url: str) -> tuple[list[str], dict[str, str]]:
    """Return arguments, which every user of the machine can read, and the password beside them."""
    shown, password = addresses.without_password(addresses.without_tls_on_loopback(database_url))
    return [f"--remote={shown}"], {"PGPASSWORD": password} if password else {}
