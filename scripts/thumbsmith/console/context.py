"""What a command works on: the database, the stack's data folder, and whether it prints JSON."""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@dataclass(frozen=True)
class Context:
    """The options that every command has: `--db-url`, `--data-dir` and `--json`."""

    db_url: str | None = None
    data_dir: Path | None = None
    as_json: bool = False


_NONE = Context()
_CURRENT: ContextVar[Context] = ContextVar("context", default=_NONE)


def current() -> Context:
    """Return the context of the command that runs."""
    return _CURRENT.get()


@contextmanager
def using(context: Context) -> Iterator[Context]:
    """Run what is inside in this context."""
    token = _CURRENT.set(context)
    try:
        yield context
    finally:
        _CURRENT.reset(token)
