"""Judges every object of the stand-in by Stripe's schema."""

from __future__ import annotations

import json
from functools import cache
from hashlib import blake2b
from typing import Any

from stand_ins.stripe.errors import StandInFaultError
from stand_ins.stripe.spec import document
from stand_ins.stripe.validation import Validator

# Fields that Stripe added after the version of our slice (2026-05-27.dahlia); all of them came
# with 2026-09-30.endive. Drop a line when a newer slice knows the field.
NEWER_FIELDS: dict[str, frozenset[str]] = {
    "refund": frozenset({"customer", "payment_method"}),
    "v2.core.event": frozenset({"snapshot_event"}),
}

_REMEMBERED = 20_000
_good: set[bytes] = set()


def check_object(made: dict[str, Any]) -> None:
    """Raise StandInFaultError when an object is not one of Stripe's."""
    digest = blake2b(json.dumps(made).encode(), digest_size=16).digest()
    if digest in _good:
        return
    if problems := problems_of(made):
        raise StandInFaultError(f"Local stand-in: {name_of(made)} is wrong: {'; '.join(problems)}")
    if len(_good) >= _REMEMBERED:
        _good.clear()
    _good.add(digest)


def problems_of(made: dict[str, Any]) -> list[str]:
    """Return what the schema has against an object."""
    newer = NEWER_FIELDS.get(str(made.get("object")), frozenset())
    judged = {name: value for name, value in made.items() if name not in newer}
    return [
        f"{'.'.join(map(str, error.absolute_path)) or '(whole)'}: {error.message[:200]}"
        for error in _validator(name_of(made)).iter_errors(judged)
    ]


def name_of(made: dict[str, Any]) -> str:
    """Return the name of the schema for an object."""
    return ("deleted_" if made.get("deleted") else "") + str(made["object"])


@cache
def _validator(name: str) -> Validator:
    reference = {"$ref": f"#/components/schemas/{name}"}
    return Validator(reference | {"components": {"schemas": _closed_schemas()}})


@cache
def _closed_schemas() -> Any:
    # Stripe's own schemas let unknown fields pass; a misspelt one of ours must not.
    return document.to_json_schema(document.load()["components"]["schemas"], closed=True)
