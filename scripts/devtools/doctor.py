"""The local part of `thumbsmith doctor`: whether the local stack can run on this machine."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from local_stack import install, programs
from thumbsmith.doctor.checks import Check
from thumbsmith.project.account import postgres_account
from thumbsmith.project.errors import StackError
from thumbsmith.project.ports import free_ports, is_free

if TYPE_CHECKING:
    from collections.abc import Callable

_NEEDED_GIGABYTES = 1.0
_ALLOWED_VERSION_TIME = 10


def checks(folder: Path, port: int | None) -> list[tuple[str, Callable[[], Check]]]:
    """Return the questions about the local stack, with what each is called."""
    return [
        ("postgres", _postgres),
        ("node", _node),
        ("node_modules", _node_modules),
        ("postgrest", _postgrest),
        ("disk", lambda: _disk(folder)),
        ("data folder", lambda: _reach(folder)),
        ("ports", lambda: _port(port)),
    ]


def _postgres() -> Check:
    try:
        found = _version([str(programs.bin_dir() / "postgres"), "--version"])
    except (StackError, OSError) as error:
        return Check("postgres", ok=False, detail=str(error), advice="pip install -e '.[local]'")
    ok = " 17." in found
    return Check("postgres", ok, found, "" if ok else "hosted projects run PostgreSQL 17")


def _node() -> Check:
    try:
        found = _version([programs.node(), "--version"])
    except (StackError, OSError) as error:
        return Check("node", ok=False, detail=str(error), advice="pip install -e '.[local]'")
    return Check("node", ok=found.startswith("v"), detail=found)


def _node_modules() -> Check:
    ok = install.node_modules_are_current()
    advice = "" if ok else "`thumbsmith stack up` installs them; npm has to reach its registry"
    return Check("node_modules", ok, "as locked" if ok else "missing or out of date", advice)


def _postgrest() -> Check:
    try:
        found = _version([programs.postgrest(), "--version"])
    except (StackError, OSError) as error:
        advice = "PostgREST's npm package has builds for Linux and macOS"
        return Check("postgrest", ok=False, detail=str(error), advice=advice)
    return Check("postgrest", ok=True, detail=found)


def _disk(folder: Path) -> Check:
    existing = next(one for one in (folder, *folder.parents) if one.exists())
    gigabytes = shutil.disk_usage(existing).free / 1e9
    ok = gigabytes >= _NEEDED_GIGABYTES
    advice = "" if ok else f"free {_NEEDED_GIGABYTES:.0f} GB, or use --data-dir"
    return Check("disk", ok, f"{gigabytes:.1f} GB free at {existing}", advice)


def _reach(folder: Path) -> Check:
    """As root, PostgreSQL runs as another user, who has to get at its data."""
    account = postgres_account()
    existing = next(one for one in (folder, *folder.parents) if one.exists())
    if account is None:
        ok = os.access(existing, os.W_OK)
        return Check("data folder", ok, str(existing), "" if ok else "not writable: use --data-dir")
    if account.can("x", existing):
        return Check("data folder", ok=True, detail=f"{existing}, reachable for {account.name}")
    temporary = Path(tempfile.gettempdir())
    ok = account.can("x", temporary)
    detail = (
        f"{existing} is closed to {account.name}:"
        f" data would go to {temporary} and not outlive the stack"
    )
    return Check("data folder", ok, detail, "use --data-dir with a folder that user can reach")


def _port(port: int | None) -> Check:
    if port is None:
        return Check(
            "ports", ok=True, detail=f"free ones are to be had, such as {free_ports(1)[0]}"
        )
    ok = is_free(port)
    return Check("ports", ok, f"{port} is {'free' if ok else 'taken'}", "" if ok else "use another")


def _version(argv: list[str]) -> str:
    done = subprocess.run(  # noqa: S603
        argv, capture_output=True, text=True, check=False, timeout=_ALLOWED_VERSION_TIME
    )
    return (done.stdout or done.stderr).strip() or f"ended with code {done.returncode}"
