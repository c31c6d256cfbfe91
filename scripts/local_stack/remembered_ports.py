"""The ports of a data folder: the same after each start, so that addresses in a browser stay."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from thumbsmith.project.keys import write_private
from thumbsmith.project.ports import free_ports, is_free

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path


def choose(
    folder: Path, names: Sequence[str], wanted: Mapping[str, int], say: Callable[[str], None]
) -> dict[str, int]:
    """Return a port for each name: the wanted one, the one of the last time, or a free one."""
    file = folder / "ports.json"
    known = _read(file)
    ports = dict(zip(names, free_ports(len(names)), strict=True))
    for name, port in known.items():
        if name not in ports or name in wanted:
            continue
        if is_free(port):
            ports[name] = port
        else:
            say(f"the port {port} of {name} is taken: using {ports[name]}")
    ports |= wanted
    write_private(file, dict(ports))
    return ports


def _read(file: Path) -> dict[str, int]:
    try:
        content = json.loads(file.read_text())
        return {str(name): int(port) for name, port in content.items()}
    except (OSError, ValueError, AttributeError, TypeError):
        # Only a convenience: without it the ports are others.
        return {}
