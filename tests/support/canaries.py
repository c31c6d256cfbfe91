"""Secrets that can be recognized wherever they end up, and what was found of them.

Every secret of a run carries one random word, in stacks of other processes too: they inherit the
environment. So one search finds all of them, and also those that nobody has thought of.
"""

from __future__ import annotations

import base64
import json
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import psycopg

from thumbsmith.project.keys import CANARY

# The workers of a run get it from the process that starts them.
MARK = os.environ.setdefault(CANARY, "canary" + secrets.token_hex(8))

AROUND = 40
_PUBLIC = re.compile(
    r"\b(?:[srp]k_(?:test|live)_|whsec_|r8_|sb_(?:secret|publishable)_|Bearer "
    r"|https?://|postgres(?:ql)?://)",
    re.IGNORECASE,
)
# Files that rightly hold keys, as long as only their owner may read them.
HOLDERS = {
    "signing_key.json": "the key that signs tokens",
    "tokens.json": "the secrets of a stack",
    "state.json": "what `stack env` prints, for other processes of the same owner",
}


def runs(text: str, length: int = 6) -> set[str]:
    """Give every run of so many characters, less what is public: prefixes, and words of shapes."""
    bare = _PUBLIC.sub(" ", text)
    return {bare[i : i + length] for i in range(len(bare) - length + 1)}


def secret(prefix: str, length: int) -> str:
    """Make a secret with so many characters after its prefix."""
    return prefix + (MARK + secrets.token_hex(length))[:length]


class Needles:
    """A secret in the spellings in which it may turn up, whole or cut off."""

    def __init__(self, *values: str) -> None:
        pieces = {piece for value in values for piece in (value, value[:14], value[-14:])}
        self._spelled = {one for piece in pieces for one in _spellings(piece.encode())}
        self._pattern = re.compile(b"|".join(map(re.escape, sorted(self._spelled))))

    def places(self, data: bytes) -> list[str]:
        """Return the text around each place where it stands."""
        # Much quicker than the pattern, and nearly always the end of it.
        if not any(one in data for one in self._spelled):
            return []
        return [
            data[max(0, hit.start() - AROUND) : hit.end() + AROUND].decode(errors="replace")
            for hit in self._pattern.finditer(data)
        ]


def _spellings(value: bytes) -> Iterator[bytes]:
    yield value
    yield quote(value, safe="").encode()
    yield json.dumps(value.decode())[1:-1].encode()
    yield b"".join(b"%%%02X" % byte for byte in value)
    yield value.hex().encode()
    yield value.hex().upper().encode()
    # The same bytes inside of a longer text that was encoded whole: three ways to lie in it. What
    # the neighbors have a part in is left out.
    for before in range(3):
        coded = base64.b64encode(b"\0" * before + value).rstrip(b"=")
        cut = coded[(0, 2, 3)[before] : len(coded) - ((before + len(value)) % 3 != 0)]
        yield cut
        yield cut.replace(b"+", b"-").replace(b"/", b"_")


MARKED = Needles(MARK)

_sinks: list[list[str]] = [[]]


@contextmanager
def planted() -> Iterator[list[str]]:
    """Collect what is found meanwhile, for a test that leaks on purpose."""
    _sinks.append([])
    try:
        yield _sinks[-1]
    finally:
        _sinks.pop()


def take_findings() -> list[str]:
    """Return what was found since the last time."""
    found = _sinks[-1][:]
    _sinks[-1].clear()
    return found


def look(where: str, data: bytes | str, needles: Needles = MARKED) -> list[str]:
    """Search something that was written, said or kept; what is found is noted."""
    raw = data.encode("utf-8", "surrogateescape") if isinstance(data, str) else data
    found = [f"{where}: {place!r}" for place in needles.places(raw)[:3]]
    _sinks[-1].extend(found)
    return found


def look_at_file(file: Path, needles: Needles = MARKED) -> list[str]:
    """Search one file."""
    try:
        return look(str(file), file.read_bytes(), needles)
    except FileNotFoundError:
        return []


def look_at_folder(folder: Path, needles: Needles = MARKED) -> list[str]:
    """Search every file but those that rightly hold keys, and but the files of PostgreSQL."""
    found = []
    for place, folders, names in os.walk(folder):
        folders[:] = [one for one in folders if not (Path(place, one) / "PG_VERSION").exists()]
        for name in names:
            file = Path(place, name)
            if file.is_symlink() or not file.is_file() or _is_holder(file):
                continue
            found += look_at_file(file, needles)
    return found


def _is_holder(file: Path) -> bool:
    try:
        return file.name in HOLDERS and file.stat().st_mode & 0o077 == 0
    except FileNotFoundError:
        return False


def look_at_cluster(folder: Path) -> list[str]:
    """Search the files of PostgreSQL: tables, log of changes, and what was deleted since.

    Hundreds of megabytes, so only for the plain word.
    """
    found = []
    for file in folder.rglob("*"):
        if file.is_file() and MARK.encode() in file.read_bytes():
            found += look(f"{file.relative_to(folder)} of a cluster", MARK)
    return found


def look_at_processes() -> list[str]:
    """Search the command lines of all processes of this machine."""
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = file.read_bytes()
        except OSError:  # it has ended
            continue
        found += look(f"the arguments of process {file.parent.name}", words.replace(b"\0", b" "))
    return found


def vault(url: str) -> dict[str, str]:
    """Return the secrets that the database itself keeps, by name."""
    with psycopg.connect(url) as connection:
        rows = connection.execute(
            "select s.name, s.decrypted_secret from vault.decrypted_secrets as s"
        ).fetchall()
    return dict(rows)
