"""Makes the smallest object that a schema of Stripe's allows."""

from __future__ import annotations

from typing import Any

from stand_ins.stripe.spec import document

_EMPTY: dict[str, Any] = {
    "array": list,
    "boolean": bool,
    "integer": int,
    "number": int,
    "object": dict,
    "string": str,
}


def smallest(kind: str) -> dict[str, Any]:
    """Return the required fields with their emptiest values, and null wherever null may be.

    Stripe sends its optional fields as null rather than not at all; those that only come when
    they are asked for (a session's line items) cannot be null and stay away.
    """
    made: dict[str, Any] = _smallest(document.schema(kind))
    return made


def _smallest(node: dict[str, Any]) -> Any:
    node = document.resolve(node)
    if node.get("nullable"):
        return None
    if "enum" in node:
        return node["enum"][0]
    if "anyOf" in node:
        return _smallest(node["anyOf"][0])
    if node["type"] != "object":
        return _EMPTY[node["type"]]()
    required = node.get("required", ())
    return {
        name: _smallest(part)
        for name, part in node.get("properties", {}).items()
        if name in required or part.get("nullable")
    }
