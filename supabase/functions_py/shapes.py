"""What secrets and addresses look like: sentences about what is wrong, never with a value in them.

A wrong key would only show later, as failed jobs and refused webhooks. Most mistakes show here.
"""

from __future__ import annotations

import base64
import ipaddress
import json
import re
from urllib.parse import urlsplit

from functions_py import database_address

LOOPBACK_NAMES = ("127.0.0.1", "localhost", "::1")
HOST_NAME = re.compile(r"(?=.{1,253}\Z)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}")

_WHSEC = (r"whsec_[A-Za-z0-9+/]{32,240}={0,2}", "whsec_ and the base64 of at least 24 bytes")
_STRIPE_WHSEC = (r"whsec_[A-Za-z0-9+/=_-]{24,240}", "whsec_ and at least 24 characters")
SECRETS = {
    "supabase_secret_key": (
        r"sb_secret_[A-Za-z0-9_-]{20,240}|eyJ[\w-]{10,}\.[\w-]{20,}\.[\w-]{20,}",
        "an sb_secret_ key or a service_role JWT",
    ),
    "replicate_api_token": (
        r"r8_[A-Za-z0-9_-]{17,240}",
        "a token of at least 20 characters from r8_ on",
    ),
    "replicate_webhook_secret": _WHSEC,
    "replicate_webhook_secret_previous": _WHSEC,
    "stripe_secret_key": (
        r"[sr]k_(test|live)_[A-Za-z0-9_]{16,240}",
        "sk_test_, sk_live_, rk_test_ or rk_live_ and at least 16 characters",
    ),
    "stripe_webhook_secret": _STRIPE_WHSEC,
    "stripe_webhook_secret_previous": _STRIPE_WHSEC,
}
# What documents and templates have in the place of a secret. Twenty random characters hold none
# of these.
_PLACEHOLDER = re.compile(
    r"change[_-]?me|your[_-]|placeholder|example|replace[_-]|_here\b|\.\.\.|\*\*\*|…|(.)\1{7}",
    re.IGNORECASE,
)
_A_PLACEHOLDER = "is a placeholder, not a secret"
_URL_CHARACTERS = re.compile(r"[A-Za-z0-9._~:/\[\]!$&()*+,;=%-]+")
_PASSWORD_MIN = 8
_A_URL = "must be a postgresql:// URL"


def secret_problem(name: str, value: str) -> str | None:
    """Return why a value cannot be this secret; `name` is the name of its setting."""
    pattern, words = SECRETS[name]
    if not value.strip():
        return "is empty"
    if value != value.strip():
        return "has blanks or a line break around it"
    # Before the shape: it says more about `sk_test_...`.
    if _PLACEHOLDER.search(value):
        return _A_PLACEHOLDER
    if not re.fullmatch(pattern, value, re.ASCII):
        return f"must be {words}"
    if value.startswith("eyJ") and not _is_service_role(value):
        return "must be the JWT of service_role, not another"
    if words == _WHSEC[1] and not _is_base64(value.removeprefix("whsec_")):
        return f"must be {words}"
    return None


def database_setting_problem(url: str) -> str | None:
    """Return why this cannot be the sidecar's database, without a part of it."""
    if problem := database_address.problem(url):
        is_plain = url.strip() == url != "" and not re.match(r"postgres(ql)?://", url)
        return _A_URL if is_plain else problem
    if not re.match(r"postgres(ql)?://", url):
        return _A_URL
    # [YOUR-PASSWORD] is what the dashboard writes.
    if re.search(r"your[_-]password|[<\[]password[>\]]", url, re.IGNORECASE):
        return "has a placeholder for its password"
    # An empty password is left out of the parts.
    password = "" if ":@" in url else (database_address.parsed(url) or {}).get("password")
    if password is not None and len(str(password)) < _PASSWORD_MIN:
        return f"has a password of less than {_PASSWORD_MIN} characters"
    if password is not None and _PLACEHOLDER.search(str(password)):
        return "has a placeholder for its password"
    return None


def url_problem(url: str, *, loopback: bool) -> str | None:
    """Return why keys may not be sent to this address."""
    if problem := url_form_problem(url):
        return problem
    parts = urlsplit(url)
    host = parts.hostname or ""
    if loopback:
        # One mode or the other: a local stack must not send real secrets anywhere.
        fits = parts.scheme in {"http", "https"} and is_loopback(host)
        return None if fits else "must be a loopback URL while ALLOW_LOOPBACK is set"
    if parts.scheme != "https" or is_loopback(host):
        return "must be an https URL"
    return None if HOST_NAME.fullmatch(host) or is_address(host) else "must have a name of a host"


def url_form_problem(url: str) -> str | None:
    """Return why this is no address of a service, whatever it leads to."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return "must be a URL"
    if not parts.hostname or parts.username or parts.password or parts.query or parts.fragment:
        return "must be a URL without credentials, query or fragment"
    # urlsplit() takes line breaks out in silence.
    if not _URL_CHARACTERS.fullmatch(url):
        return "must be a URL without blanks, quotes or other signs that have no place in one"
    return None


def is_loopback(host: str) -> bool:
    """Return whether a host of a URL means this machine."""
    if host in LOOPBACK_NAMES:
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_address(host: str) -> bool:
    """Return whether a host is the number of a machine."""
    try:
        return not ipaddress.ip_address(host).is_unspecified
    except ValueError:
        return False


def _is_service_role(token: str) -> bool:
    """Read a JWT without checking it: that of anon has the same form."""
    payload = token.split(".")[1]
    try:
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except ValueError:
        return False
    return isinstance(claims, dict) and claims.get("role") == "service_role"


def _is_base64(text: str) -> bool:
    try:
        return len(base64.b64decode(text, validate=True)) >= 24
    except ValueError:
        return False
