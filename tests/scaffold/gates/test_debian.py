"""The mirror is the machine's own, however its list is written; without one the gate says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from devtools.gates import debian
from devtools.gates.outcome import NotRunError

MIRROR = "https://mirror.example.com/debian"


@pytest.fixture
def etc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a machine that has apt, and lists nothing yet."""
    for name in ("apt-get", "dpkg-deb"):
        program = tmp_path / "bin" / name
        program.parent.mkdir(exist_ok=True)
        program.touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    (tmp_path / "etc" / "sources.list.d").mkdir(parents=True)
    monkeypatch.setattr(debian, "SOURCES", tmp_path / "etc")
    (tmp_path / "keys").touch()
    monkeypatch.setattr(debian, "KEYRING", tmp_path / "keys")
    return tmp_path / "etc"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("sources.list.d/debian.sources", f"Types: deb\nURIs: {MIRROR}\nSuites: bookworm\n"),
        ("sources.list", f"# deb {MIRROR}-old x main\ndeb {MIRROR} bookworm main\n"),
        ("sources.list", f"deb [arch=amd64 signed-by=/a] {MIRROR}/ bookworm main\n"),
        ("sources.list", f"deb {MIRROR}-security bookworm main\ndeb {MIRROR} bookworm main\n"),
    ],
)
def test_the_mirror_is_found(etc: Path, name: str, content: str) -> None:
    (etc / name).write_text(content)
    assert debian.mirror() == MIRROR


def test_without_a_mirror_or_apt_it_says_so(etc: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (etc / "sources.list").write_text("deb https://mirror.example.com/ubuntu noble main\n")
    with pytest.raises(NotRunError, match="no Debian mirror"):
        debian.mirror()
    monkeypatch.setenv("PATH", "")
    with pytest.raises(NotRunError, match="no apt"):
        debian.mirror()
