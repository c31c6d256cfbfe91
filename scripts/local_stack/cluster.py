"""A cluster with the platform in it, kept as a copy so that the next start is quick."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from local_stack import bootstrap, programs
from local_stack.paths import CACHE_DIR
from local_stack.postgres import Postgres
from thumbsmith.project.account import postgres_account
from thumbsmith.project.cache import settle
from thumbsmith.project.process import wait_until_ready


def cache_place(*, old_privileges: bool = False) -> Path:
    """Return where the cluster of the present sources is kept."""
    kind = "old" if old_privileges else "new"
    return CACHE_DIR / f"cluster-{programs.version()}-{bootstrap.fingerprint()}-{kind}"


def initialize(server: Postgres, *, old_privileges: bool = False) -> None:
    """Fill an empty data folder: from the cache, or by initdb and bootstrap."""
    cached = cache_place(old_privileges=old_privileges)
    try:
        if not _is_ours(cached):
            _make(cached, old_privileges=old_privileges)
        if _is_ours(cached):
            server.copy_from(cached)
        else:
            _create(server, old_privileges=old_privileges)
    except BaseException:
        # A server that will never start would never tidy up after itself either.
        server.discard()
        raise


def _make(cached: Path, *, old_privileges: bool) -> None:
    """Make it beside its place and move it there in one step; give up where we may not write."""
    try:
        cached.parent.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(prefix=".making-", dir=cached.parent))
        # the data folder itself stays closed
        work.chmod(0o711)
    except OSError:
        return
    server = Postgres(work / "data", work / "log")
    try:
        _create(server, old_privileges=old_privileges)
        if cached != cache_place(old_privileges=old_privileges):
            # somebody saved a file meanwhile: what was made has no certain name
            return
        _forget_old_versions(cached)
        if server.is_temporary:
            shutil.copytree(server.folder, work / "copy", symlinks=True)
            settle(work / "copy", cached)
        else:
            settle(server.folder, cached)
    finally:
        server.discard()
        shutil.rmtree(work, ignore_errors=True)


def _create(server: Postgres, *, old_privileges: bool) -> None:
    server.initdb()
    try:
        wait_until_ready([server.start()])
        bootstrap.bootstrap(server.admin_url, old_privileges=old_privileges)
    finally:
        server.stop()


def _is_ours(cached: Path) -> bool:
    """Return whether the kept cluster is there, readable, and made by us."""
    if not os.access(cached, os.R_OK | os.X_OK) or not (cached / "PG_VERSION").exists():
        return False
    account = postgres_account()
    return cached.stat().st_uid in {os.getuid(), account.uid if account else os.getuid()}


def _forget_old_versions(cached: Path) -> None:
    """Keep a few older clusters: two helpers with different sources may share the folder."""
    others = [p for p in cached.parent.glob("cluster-*") if p != cached]
    for old in sorted(others, key=lambda p: p.stat().st_mtime)[:-4]:
        shutil.rmtree(old, ignore_errors=True)
