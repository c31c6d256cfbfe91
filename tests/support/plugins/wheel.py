"""The package, built once and installed alone: the lock of a server, the wheel, and no checkout."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from local_stack import databases
from local_stack.paths import PROJECT
from local_stack.postgres import Postgres
from tests.support import watch
from tests.support.database import Database

# The Pythons that the package says it runs on; all but our own in the long tests.
OWN = f"{sys.version_info.major}.{sys.version_info.minor}"
PYTHONS = ("3.11", "3.12", "3.13")
SOURCES = (
    *("pyproject.toml", "setup.py", "MANIFEST.in", "README.md", "LICENSE"),
    *("scripts/project", "scripts/thumbsmith", "supabase/functions_py", "supabase/migrations"),
    *("sql/checks", "sql/reports", "sql/table_classes.csv"),
)
PIP = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
QUIET = shutil.ignore_patterns("__pycache__")


@dataclass(frozen=True)
class Installed:
    """A virtual environment with the package, and an empty folder to work in."""

    root: Path
    cwd: Path

    @property
    def python(self) -> str:
        return str(self.root / "bin" / "python")

    @property
    def environment(self) -> dict[str, str]:
        """Nothing of ours, and no program of the machine: no Node.js, no npm, no psql."""
        return {"PATH": str(self.root / "bin"), "HOME": str(self.cwd), "LC_ALL": "C.UTF-8"}

    def run(self, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
        """Run `thumbsmith` to its end."""
        argv = [str(self.root / "bin" / "thumbsmith"), *arguments]
        done = self._run(argv, env)
        watch.look_at_command(arguments, done.stdout + done.stderr)
        return done

    def json(self, code: int, *arguments: str, **env: str) -> Any:
        """Run a command that has to end with this code and return its JSON."""
        done = self.run(*arguments, "--json", **env)
        assert done.returncode == code, done.stdout + done.stderr
        return json.loads(done.stdout)

    def script(self, source: str) -> str:
        """Run a program of Python and return what it prints."""
        done = self._run([self.python, "-c", source], {})
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def start(self, log: Path, *arguments: str, **env: str) -> subprocess.Popen[bytes]:
        """Start a command that stays."""
        argv = [str(self.root / "bin" / "thumbsmith"), *arguments]
        with log.open("wb") as output:
            return subprocess.Popen(
                argv, env=self.environment | env, cwd=self.cwd, stdout=output, stderr=output
            )

    def _run(self, argv: list[str], env: dict[str, str]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            argv,
            env=self.environment | env,
            cwd=self.cwd,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel from a copy of what it is made of: nothing old lies about there."""
    folder = tmp_path_factory.mktemp("build")
    for name in SOURCES:
        source, target = PROJECT / name, folder / "source" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, symlinks=True, ignore=QUIET)
        else:
            shutil.copy(source, target)
    options = ["--no-deps", "--no-build-isolation", f"--wheel-dir={folder}"]
    subprocess.run([*PIP, "wheel", *options, str(folder / "source")], check=True, timeout=120)
    (built,) = folder.glob("thumbsmith-*.whl")
    return built


@pytest.fixture(
    scope="session",
    params=[
        pytest.param(version, marks=[] if version == OWN else [pytest.mark.full])
        for version in PYTHONS
    ],
)
def installed(
    request: pytest.FixtureRequest, wheel: Path, tmp_path_factory: pytest.TempPathFactory
) -> Installed:
    """Install what the lock of a server names, and then the wheel, which may fetch nothing."""
    python = interpreter(request.param)
    if python is None:
        pytest.skip(f"this machine has no Python {request.param}")
    root, cwd = tmp_path_factory.mktemp("installed"), tmp_path_factory.mktemp("elsewhere")
    subprocess.run([python, "-m", "venv", "--without-pip", str(root)], check=True, timeout=60)
    pip = [*PIP, f"--python={root / 'bin' / 'python'}", "install"]
    lock = PROJECT / "requirements-sidecar.lock"
    # Python compiles what is loaded when it is loaded: half of it never is.
    locked = ["--require-hashes", "--only-binary=:all:", "--no-compile", f"--requirement={lock}"]
    subprocess.run([*pip, *locked], check=True, timeout=180)
    subprocess.run([*pip, "--no-index", str(wheel)], check=True, timeout=60)
    return Installed(root, cwd)


def interpreter(version: str) -> str | None:
    """Return a Python of this version, on the PATH or installed by pyenv."""
    if version == OWN:
        return sys.executable
    shims = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    found = [*sorted(map(str, shims.glob(f"versions/{version}.*/bin/python")))]
    if on_path := shutil.which(f"python{version}"):
        found.append(on_path)
    for python in found:
        # A shim of pyenv may be there for a version that is not chosen.
        done = subprocess.run([python, "-c", "import venv"], capture_output=True, check=False)
        if done.returncode == 0:
            return python
    return None


@pytest.fixture
def empty(server: Postgres) -> Iterator[Database]:
    """Yield a database with the platform and no migration."""
    with (
        databases.cloned(server, "postgres", f"wheel_{uuid.uuid4().hex}") as url,
        closing(Database(url)) as database,
    ):
        yield database
