"""Files generated from the migrated database, and Supabase's own advisors."""

from __future__ import annotations

import re
import subprocess
import tempfile
from pathlib import Path

from local_stack import cluster, config, install, supabase_cli
from local_stack.paths import PROJECT
from local_stack.postgres import Postgres

SCHEMA = PROJECT / "sql" / "schema.sql"
TYPES = {
    "typescript": PROJECT / "supabase" / "types" / "database.types.ts",
    "python": PROJECT / "supabase" / "types" / "database_types.py",
}
# What changes from run to run or with the version of pg_dump, and says nothing on the schema.
_NOISE = re.compile(r"^(\\(un)?restrict .*|-- Dumped .*)\n", re.MULTILINE)


def check(*, write: bool = False) -> list[str]:
    """Migrate a database and compare; with `write`, bring the files up to date instead."""
    install.ensure_node_modules()
    with tempfile.TemporaryDirectory(prefix="thumbsmith-lint-") as folder:
        server = Postgres(Path(folder) / "data", Path(folder) / "log")
        cluster.initialize(server)
        with server:
            supabase_cli.migrate(server.url())
            supabase_cli.seed(server.url(), config.load())
            found = _advisors(server)
            for file, content in _generate(server).items():
                if file.exists() and file.read_text() == content:
                    continue
                if write:
                    file.write_text(content)
                else:
                    name = file.relative_to(PROJECT)
                    found.append(f"{name} is stale: scripts/lint --write refreshes it")
    return found


def _advisors(server: Postgres) -> list[str]:
    options = ["--type", "all", "--level", "warn", "--fail-on", "warn"]
    done = supabase_cli.supabase(
        "db", "advisors", f"--remote={server.url()}", *options, check=False
    )
    return [*done.stdout.splitlines(), *done.stderr.splitlines()] if done.returncode else []


def _generate(server: Postgres) -> dict[Path, str]:
    made = {SCHEMA: _NOISE.sub("", _dump(server)).strip() + "\n"}
    for language, file in TYPES.items():
        options = ["--lang", language, "--schema", "public"]
        made[file] = supabase_cli.supabase(
            "gen", "types", f"--remote={server.url()}", *options
        ).stdout
    return made


def _dump(server: Postgres) -> str:
    program = server.bin_dir / "pg_dump"
    argv = [str(program), "--schema-only", "--schema=public", "--schema=private", server.url()]
    done = subprocess.run(argv, check=True, capture_output=True, text=True)  # noqa: S603
    return done.stdout
