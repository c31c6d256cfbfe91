"""An extension that no wheel carries, out of a Debian package, by the machine's own apt.

Nothing is installed: the package is downloaded, its signature checked by apt, and unpacked into
the cache. Debian 13 has it for PostgreSQL 17; its library asks for no newer C library than older
releases have.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from pathlib import Path

from devtools.gates.outcome import NotRunError
from local_stack.paths import CACHE_DIR
from thumbsmith.project import commands
from thumbsmith.project.cache import settle
from thumbsmith.project.errors import CommandFailedError
from thumbsmith.project.process import base_environment

SUITE = "trixie"
SOURCES = Path("/etc/apt")
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
_URI = re.compile(r"^(?:URIs:|deb(?:\s+\[[^]]*\])?)\s+(https?://\S+/debian)(?=/?\s)", re.MULTILINE)


def unpacked(package: str) -> Path:
    """Return the folder in which a package is unpacked."""
    place = CACHE_DIR / package
    if not place.exists():
        address = mirror()
        CACHE_DIR.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".making-", dir=CACHE_DIR) as made:
            work = Path(made)
            try:
                _unpack(package, address, work)
            except CommandFailedError as error:
                reason = str(error).splitlines()[-1]
                raise NotRunError(f"no {package} from the mirror's {SUITE}: {reason}") from error
            settle(work / "files", place)
    return place


def mirror() -> str:
    """Return the Debian mirror that this machine uses."""
    if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
        raise NotRunError("it comes in a Debian package, and this machine has no apt")
    files = [SOURCES / "sources.list", *sorted((SOURCES / "sources.list.d").glob("*"))]
    texts = (file.read_text(errors="replace") for file in files if file.is_file())
    found = [uri for text in texts for uri in _URI.findall(text)]
    if not found or not KEYRING.exists():
        raise NotRunError("it comes in a Debian package, and this machine has no Debian mirror")
    return str(found[0])


def _unpack(package: str, address: str, work: Path) -> None:
    source = work / "debian.sources"
    source.write_text(
        f"Types: deb\nURIs: {address}\nSuites: {SUITE}\nComponents: main\nSigned-By: {KEYRING}\n"
    )
    for folder in ("lists/partial", "cache/archives/partial", "download"):
        (work / folder).mkdir(parents=True)
    # apt with a memory of its own: that of the machine is left as it is.
    settings = {
        "Dir::Etc::sourcelist": source,
        "Dir::Etc::sourceparts": "/dev/null",
        "Dir::State::lists": work / "lists",
        "Dir::State::status": "/dev/null",
        "Dir::Cache": work / "cache",
        "APT::Sandbox::User": "root",
        "Acquire::Languages": "none",
        "Acquire::Retries": "1",
    }
    options = [f"--option={name}={value}" for name, value in settings.items()]
    for verb in (["update", "--error-on=any"], ["download", package]):
        commands.run(["apt-get", *options, *verb], env=_environment(), cwd=work / "download")
    (archive,) = (work / "download").glob("*.deb")
    argv = ["dpkg-deb", "--extract", str(archive), str(work / "files")]
    commands.run(argv, env=base_environment())


def _environment() -> dict[str, str]:
    # Proxies and their certificates are in the caller's own.
    return {**os.environ, "LC_ALL": "C"}
