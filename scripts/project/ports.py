"""Free TCP ports on the loopback interface."""

from __future__ import annotations

import random
import socket

HOST = "127.0.0.1"

# Below the ports that systems give to outgoing connections (from 32768 on Linux, 49152 elsewhere):
# one of those can be taken between being found free and being listened on.
_RANGE = range(20_000, 32_000)


def free_ports(count: int) -> list[int]:
    """Return `count` different ports that nothing listens on, chosen at random."""
    # Not the seeded generator of a test: two runs beside each other must not choose alike.
    order = random.SystemRandom().sample(_RANGE, len(_RANGE))
    free = (port for port in order if is_free(port))
    return [next(free) for _ in range(count)]


def is_free(port: int) -> bool:
    """Return whether a server could listen on `port` now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True
