"""What is generated from the migrated database: the schema, the types, the page of settings."""

from __future__ import annotations

import re
from pathlib import Path

from devtools.gates import settings_page
from devtools.gates.outcome import Findings
from devtools.types import Facts, python, typescript
from local_stack import supabase_cli
from local_stack.paths import PROJECT
from local_stack.postgres import Postgres
from thumbsmith.project import addresses, commands
from thumbsmith.project.process import base_environment

_SCHEMA = Path("sql") / "schema.sql"
_SCHEMAS = ("--schema=public", "--schema=private")
_SETTINGS = Path("docs") / "settings.md"
_TYPES = {
    "typescript": (Path("supabase") / "types" / "database.types.ts", typescript.refined),
    "python": (Path("supabase") / "types" / "database_types.py", python.refined),
}
# What says nothing on the schema, or changes from run to run: comments of pg_dump, settings, blank
# lines. Comments in bodies are indented and stay.
_NOISE = re.compile(
    r"^(?:\\(?:un)?restrict .*|--.*|SET .*;|SELECT pg_catalog\.set_config\(.*|)\n", re.MULTILINE
)


def check(server: Postgres, url: str, folder: Path = PROJECT, *, write: bool = False) -> Findings:
    """Compare the files with what the database says now, or bring them up to date."""
    found = []
    for name, content in _generate(server, url).items():
        file = folder / name
        if file.exists() and file.read_text() == content:
            continue
        if write:
            file.write_text(content)
        else:
            found.append(f"{name} is stale: scripts/lint --write refreshes it")
    return found


def _generate(server: Postgres, url: str) -> dict[Path, str]:
    made = {_SCHEMA: schema(server, url), _SETTINGS: settings_page.page(url)}
    facts = Facts.read(url)
    for language, (file, refined) in _TYPES.items():
        options = ["--lang", language, "--schema", "public"]
        said = supabase_cli.supabase("gen", "types", *options, remote=url).stdout
        made[file] = refined(said, facts)
    return made


def schema(server: Postgres, url: str) -> str:
    """Return what the migrations made of our schemas."""
    program = server.bin_dir / "pg_dump"
    shown, password = addresses.without_password(url)
    argv = [str(program), "--schema-only", "--no-owner", *_SCHEMAS, shown]
    env = base_environment() | {"PGPASSWORD": password or ""}
    done = commands.run(argv, env=env)
    return _NOISE.sub("", done.stdout).strip() + "\n"
