"""What can be known before anything is started: the folder, the port, the site's address."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from thumbsmith.console.errors import CommandError, Exit
from thumbsmith.project.ports import HOST

if TYPE_CHECKING:
    from pathlib import Path


def check(folder: Path, port: int | None, site_url: str | None) -> None:
    """Raise CommandError with one sentence for what cannot work."""
    _folder(folder)
    if port is not None:
        _port(port)
    if site_url:
        parts = urlsplit(site_url)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query:
            detail = "--site-url is the address of a site, such as http://localhost:5173"
            raise CommandError("site_url_malformed", detail, code=Exit.USAGE)


def _folder(folder: Path) -> None:
    existing = next(one for one in (folder, *folder.parents) if one.exists())
    if not existing.is_dir():
        raise CommandError("not_a_folder", f"{existing} is no folder", code=Exit.USAGE)
    if not os.access(existing, os.W_OK | os.X_OK):
        detail = f"{existing} may not be written to: use --data-dir with another folder"
        raise CommandError("permission_denied", detail, code=Exit.USAGE)


def _port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except PermissionError:
            detail = f"the port {port} is for the system alone: use one from 1024 on"
            raise CommandError("port_privileged", detail, code=Exit.USAGE) from None
        except OSError:
            detail = f"the port {port} is taken by another program"
            raise CommandError("port_taken", detail, code=Exit.USAGE) from None
