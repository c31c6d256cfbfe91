"""Installing the packages of Node.js, and what is said when that fails."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from local_stack import install
from local_stack.paths import NODE_DIR
from thumbsmith.project.errors import PackagesNotInstalledError

if TYPE_CHECKING:
    from pathlib import Path


def test_without_a_network_one_sentence_names_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("package.json", "package-lock.json"):
        shutil.copy(NODE_DIR / name, tmp_path)
    monkeypatch.setattr(install, "CACHE_DIR", tmp_path)
    monkeypatch.setenv("npm_config_offline", "true")
    monkeypatch.setenv("npm_config_cache", str(tmp_path / "npm"))
    with pytest.raises(PackagesNotInstalledError) as caught:
        install.ensure_node_modules(folder=tmp_path)
    said = str(caught.value)
    assert "the network does not answer (ENOTCACHED)" in said
    assert "\n" not in said
    assert "ENOTCACHED" in (tmp_path / "npm.log").read_text()
    # Where the packages are there, nothing is fetched.
    install.ensure_node_modules()
