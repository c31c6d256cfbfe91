"""Addresses of databases: one validator, on PostgreSQL's own parser of them."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict

_TRANSACTION_PORT = "6543"
_FORM = "must be a postgresql:// URL, with what is special in its password as %40 for @"


def parsed(text: str) -> dict[str, Any] | None:
    """Return the parts of an address as libpq reads them; None for what it does not understand.

    What libpq does not understand it repeats in its errors. With a sign in the password that was
    not escaped, a part of that would be taken for a host, a port or a database: so each has to look
    like one.
    """
    try:
        said = conninfo_to_dict(text)
    except psycopg.ProgrammingError:
        return None
    places = [str(said.get(name) or "") for name in ("host", "hostaddr", "dbname", "user")]
    ports = str(said.get("port") or "").split(",")
    is_odd = any(sign in place for place in places[:3] for sign in "@?#[]<> \t\n\\\"'")
    has_ports = all(port == "" or (port.isascii() and port.isdecimal()) for port in ports)
    is_complete = bool(places[0] or places[1])
    return None if is_odd or not has_ports or not is_complete else said


def problem(text: str) -> str | None:
    """Return why this cannot be the address of a database, without a part of it."""
    if not text.strip():
        return "is empty"
    if text != text.strip():
        return "has blanks or a line break around it"
    return None if text.isascii() and parsed(text) is not None else _FORM


def hosts(text: str) -> list[str]:
    """Return the hosts of an address; one that starts with a slash is a folder with a socket."""
    said = parsed(text) or {}
    # libpq connects to hostaddr, and asks for host only where that is not given.
    return str(said.get("hostaddr") or said.get("host") or "").split(",")


def is_transaction_pooler(text: str) -> bool:
    """Return whether an address is that of Supabase's pooler in transaction mode."""
    said = parsed(text) or {}
    return _TRANSACTION_PORT in str(said.get("port") or "").split(",")
