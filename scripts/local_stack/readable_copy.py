"""Where PostgreSQL's files go when the account it runs under cannot reach the project.

A project may lie below a home folder that is closed to others. Root then copies the programs and
the data to a temporary place; a note beside the data folder tells where, so that a place which a
killed stack left behind is removed later.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from thumbsmith.project.account import Account

_PREFIX = "thumbsmith-postgres-"


class ReadableCopy:
    """The folders of one server."""

    def __init__(self, folder: Path, account: Account | None) -> None:
        self._folder = folder
        self._account = account
        self._made: Path | None = None
        remove_leftovers(folder)

    def binaries(self, own: Path) -> Path:
        """Return the programs' folder, or that of a copy that can be reached."""
        if self._account is None or self._account.can("x", own / "postgres"):
            return own
        copy = self._new_folder(self._account) / "pginstall"
        shutil.copytree(own.parent, copy, symlinks=True)
        return copy / "bin"

    def data(self) -> Path:
        """Return the data folder, made where it is missing, or another that can be reached."""
        if not self._folder.exists():
            self._folder.mkdir(parents=True, mode=0o700)
        if self._account is None:
            return self._folder
        self._account.own(self._folder)
        if self._account.can("w", self._folder):
            return self._folder
        place = self._new_folder(self._account) / "data"
        place.mkdir(mode=0o700)
        self._account.own(place)
        return place

    def is_copy(self, folder: Path) -> bool:
        """Say whether a folder is only temporary."""
        return self._made is not None and self._made in folder.parents

    def discard(self) -> None:
        """Remove what was only temporary."""
        if self._made is not None:
            remove_leftovers(self._folder)
            self._made = None

    def _new_folder(self, account: Account) -> Path:
        if self._made is None:
            self._made = Path(tempfile.mkdtemp(prefix=_PREFIX))
            note = _note_of(self._folder)
            note.parent.mkdir(parents=True, exist_ok=True)
            note.write_text(str(self._made))
            account.own(self._made)
            self._made.chmod(0o755)
        return self._made


def _note_of(folder: Path) -> Path:
    """Return the file that says where the copy of a data folder is."""
    return folder.with_name(f"{folder.name}.copy")


def remove_leftovers(folder: Path) -> None:
    """Remove the copy that a killed supervisor could not remove."""
    note = _note_of(folder)
    if note.exists():
        made = Path(note.read_text())
        if made.name.startswith(_PREFIX):
            shutil.rmtree(made, ignore_errors=True)
        note.unlink()
