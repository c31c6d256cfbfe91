"""What a token may say that nobody should believe: games with its claims."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from tests.support.security.access.engine import Claims
from tests.support.security.populated import Account

# What somebody might take for a right, wherever it stands.
BOASTS: dict[str, Any] = {
    "role": "service_role",
    "roles": ["admin", "service_role"],
    "user_role": "admin",
    "is_admin": True,
    "is_super_admin": True,
    "claims_admin": True,
    "permissions": ["*"],
    "credits": 1_000_000,
    "plan": "monthly_unlimited",
    "is_anonymous": False,
    "email_verified": True,
    "aal": "aal2",
}
# Where somebody might look for the id of who calls.
NAMES = ("sub", "id", "user_id", "uid", "profile_id", "owner", "owner_id")


def games(owner: Account) -> dict[str, dict[str, Any]]:
    """Return claims for somebody else than the owner, who says more than Auth would."""
    about = {"email": f"{owner.id}@example.com", "phone": "", "referral": owner.code}
    found: dict[str, dict[str, Any]] = {}
    for place in ("user_metadata", "app_metadata"):
        for name, value in BOASTS.items():
            found[f"{name} in {place}"] = {place: {name: value}}
        for name in NAMES:
            found[f"{name} of the owner in {place}"] = {place: {name: str(owner.id)}}
        found[f"all of the owner's in {place}"] = {place: about}
    for name, value in BOASTS.items():
        # The role is PostgREST's to take on: here the claim alone lies.
        found[f"{name} by itself"] = {name: value}
    for name in (*NAMES[1:], "Sub", "SUB", "sub ", "sub\t", "claims", "act", "on_behalf_of"):
        found[f"{name!r} of the owner by itself"] = {name: str(owner.id)}
    for name in ("claims", "act", "user", "https://hasura.io/jwt/claims", "request"):
        found[f"sub of the owner inside of {name}"] = {name: {"sub": str(owner.id)}}
    return found | {
        "the address of the owner": about,
        "a third factor": {"aal": "aal3", "amr": [{"method": "totp", "timestamp": 1}]},
        "another audience": {"aud": "service_role", "iss": "supabase-admin"},
        "an expiry long ago": {"exp": 1, "iat": 0},
        "metadata that is no object": {"user_metadata": [str(owner.id)], "app_metadata": "admin"},
        "a key of every kind": {name: [[{"sub": str(owner.id)}]] for name in BOASTS},
    }


def guest_games() -> dict[str, dict[str, Any]]:
    """Return claims for a guest who would be a person."""
    person = {"is_anonymous": False, "email": "guest@example.com", "email_verified": True}
    return {
        "in user_metadata": {"user_metadata": person},
        "in app_metadata": {"app_metadata": person | {"provider": "email"}},
        "by themselves": person,
        "as a text": {"is_anonymous": "false"},
        "as null": {"is_anonymous": None},
        "as a list": {"is_anonymous": [False]},
        "with a confirmed address": {"email_confirmed_at": "2026-01-01T00:00:00Z"},
        "with a password": {"amr": [{"method": "password", "timestamp": 1}]},
        "with two factors": {"aal": "aal2"},
        "as a former guest": {"was_anonymous": True, "is_anonymous": False},
    }


def at_once(played: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Put the claims of many games into one token; what has the same place lies side by side."""
    found: dict[str, Any] = {}
    for claims in played.values():
        for name, value in claims.items():
            before = found.get(name)
            both = isinstance(before, dict) and isinstance(value, dict)
            found[name] = before | value if both else found.get(name, value)
    return found


def malformed(owner: Account) -> dict[str, Claims]:
    """Return claims in which nobody is named; as a text where they are no object of JSON."""
    name = str(owner.id)
    wide = "".join(chr(ord(sign) + 0xFEE0) if sign.isalnum() else sign for sign in name)
    subs: dict[str, Any] = {
        "null": None,
        "empty": "",
        "blank": " ",
        "a number": 7,
        "a truth": True,
        "a list": [name],
        "an object": {"sub": name},
        "a word": "owner",
        "SQL": f"{name}' or '1'='1",
        "a wildcard": "%",
        "an id and more": f"{name}x",
        "most of an id": name[:-1],
        "two ids": f"{name},{name}",
        "an id in full-width digits": wide,
        "an id with a zero width space": f"{name[:8]}\u200b{name[8:]}",
        "an id of nothing but dashes": "-" * 36,
        "a NUL": "\0",
        "an id and a NUL": f"{name}\0",
        "half a surrogate pair": "\ud800",
        "very long": "a" * 10_000,
    }
    role = {"role": "authenticated"}
    return {
        **{f"a sub that is {kind}": role | {"sub": sub} for kind, sub in subs.items()},
        "a sub beside an older one": {"role": "authenticated", "sub": "", "user_id": name},
        "an empty object": "{}",
        "null": "null",
        "a list": json.dumps([{"sub": name}]),
        "a number": "7",
        "a text": json.dumps(name),
        "no JSON": "{",
        "no claims": "",
    }
