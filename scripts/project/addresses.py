"""Addresses: of one database for different roles, and whether a service is on this machine."""

from __future__ import annotations

from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit, urlunsplit

from thumbsmith.project.ports import HOST

STRIPE_API_BASE = "https://api.stripe.com"
_LOOPBACK = {HOST, "localhost", "::1"}


def is_loopback(url: str) -> bool:
    """Return whether an address is on this machine: then it is a stand-in's."""
    return urlsplit(url).hostname in _LOOPBACK


def with_role(url: str, role: str, password: str) -> str:
    """Return the same address for another role."""
    parts = urlsplit(url)
    place = parts.netloc.rpartition("@")[2]
    user = f"{quote(role, safe='')}:{quote(password, safe='')}"
    return urlunsplit(parts._replace(netloc=f"{user}@{place}"))


def with_database(url: str, database: str) -> str:
    """Return the same address for another database."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{quote(database, safe='')}"))


def without_tls_on_loopback(url: str) -> str:
    """Say `sslmode=disable` where both ends are this machine and nothing else was said."""
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query))
    if parts.hostname in _LOOPBACK:
        query.setdefault("sslmode", "disable")
    return urlunsplit(parts._replace(query=urlencode(query)))


def password_of(url: str) -> str | None:
    """Return the password in an address."""
    found = urlsplit(url).password
    return None if found is None else unquote(found)


def without_password(url: str) -> tuple[str, str | None]:
    """Return the address as everybody may see it, and its password, wherever it stood."""
    parts = urlsplit(url)
    query = parse_qsl(parts.query, keep_blank_values=True)
    in_query = [value for name, value in query if name == "password"]
    user, at, place = parts.netloc.rpartition("@")
    shown = parts._replace(
        netloc=user.partition(":")[0] + at + place,
        query=urlencode([pair for pair in query if pair[0] != "password"]),
    )
    return urlunsplit(shown), in_query[-1] if in_query else password_of(url)


def user_of(url: str) -> str | None:
    """Return the role in an address."""
    return urlsplit(url).username


def port_of(url: str) -> int:
    """Return the port in an address."""
    return urlsplit(url).port or 5432
