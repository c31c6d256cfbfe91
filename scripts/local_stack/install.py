"""Install what the stack needs and the Python environment does not hold."""

from __future__ import annotations

import fcntl
import json
import os
import re
from typing import TYPE_CHECKING, Any

from local_stack import programs
from local_stack.paths import CACHE_DIR, NODE_DIR
from thumbsmith.project import commands
from thumbsmith.project.errors import PackagesNotInstalledError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

# What npm and Node.js call it when nothing answers.
_NO_NETWORK = {"ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ECONNRESET", "ETIMEDOUT", "ENOTCACHED"}


def node_modules_are_current(folder: Path = NODE_DIR) -> bool:
    """Compare what npm installed with the lock file."""
    installed = _packages(folder / "node_modules" / ".package-lock.json")
    wanted = _packages(folder / "package-lock.json")
    if not installed:
        return False
    # A build for another kind of machine is optional and rightly absent.
    return all(
        installed.get(name, {}).get("version") == package.get("version")
        for name, package in wanted.items()
        if name and not package.get("optional")
    )


def ensure_node_modules(
    progress: Callable[[str], None] = lambda _: None, folder: Path = NODE_DIR
) -> None:
    """Install when node_modules is missing or not what the lock file says.

    Raises PackagesNotInstalledError in one sentence.
    """
    if node_modules_are_current(folder):
        return
    CACHE_DIR.mkdir(parents=True, exist_ok=True)
    with (CACHE_DIR / "npm.lock").open("w") as lock:
        # Two stacks that start at once must not install into the same folder.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if node_modules_are_current(folder):
            return
        progress("installing the Node.js packages")
        # The caller's whole environment: proxies, certificates and npm's own settings are in there.
        path = os.pathsep.join([str(programs.node_root() / "bin"), os.environ.get("PATH", "")])
        env = {**os.environ, "PATH": path}
        # Not `npm ci`: it wants the builds for every other platform in the lock file, and not every
        # mirror has those. Versions and hashes of what is locked are checked all the same.
        options = ["--no-save", "--no-audit", "--no-fund", "--loglevel=error"]
        argv = programs.npm("install", *options)
        done = commands.run(argv, env=env, cwd=folder, timeout=600, check=False)
        if done.returncode != 0:
            raise PackagesNotInstalledError(_why(done.stdout + done.stderr))


def _why(output: str) -> str:
    """Return one sentence about npm's failure; npm's own words go to a log file."""
    log = CACHE_DIR / "npm.log"
    log.write_text(output)
    found = re.search(r"npm error code (\w+)", output)
    code = found.group(1) if found else "no code"
    reason = f"the network does not answer ({code})" if code in _NO_NETWORK else f"npm says {code}"
    return f"the packages of Node.js could not be installed: {reason}; the rest is in {log}"


def _packages(lock_file: Path) -> dict[str, dict[str, Any]]:
    try:
        content = json.loads(lock_file.read_text())
    except (OSError, ValueError):
        return {}
    packages: dict[str, dict[str, Any]] = content.get("packages", {})
    return packages
