"""Where things are in the repository: the local stack runs from nowhere else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from thumbsmith.project import paths
from thumbsmith.project.errors import StackError

if TYPE_CHECKING:
    from pathlib import Path


def _checkout() -> Path:
    if paths.PROJECT is None:
        message = "the local stack needs the repository, and this is not part of one"
        raise StackError(message)
    return paths.PROJECT


PROJECT = _checkout()
SUPABASE_DIR = PROJECT / "supabase"
PLATFORM_SQL = PROJECT / "sql" / "platform"
NODE_DIR = PROJECT / "scripts" / "local_stack" / "node"
MODEL_DIR = PROJECT / "scripts" / "stand_ins" / "replicate" / "model"
CACHE_DIR = paths.STATE_DIR / "cache"
