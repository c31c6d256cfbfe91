"""Passwords of roles, as the server may see them.

A server logs and counts statements as they come, with their values: it only gets a hash.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import psycopg


def hashed(connection: psycopg.Connection, password: str) -> str:
    """Return what `alter role … password` takes in the place of the password, for any role."""
    # Of this kind of hash the name of the role is no part.
    return connection.pgconn.encrypt_password(password.encode(), b"", b"scram-sha-256").decode()
