"""Reads the slice, and turns its schemas into ones that a JSON Schema validator understands."""

from __future__ import annotations

import gzip
import json
from functools import cache
from pathlib import Path
from typing import Any

SLICE_PATH = Path(__file__).with_name("slice.json.gz")


@cache
def load() -> dict[str, Any]:
    """Return the slice as it was cut."""
    document: dict[str, Any] = json.loads(gzip.decompress(SLICE_PATH.read_bytes()))
    return document


def schema(name: str) -> dict[str, Any]:
    """Return one schema as it was cut."""
    found: dict[str, Any] = load()["components"]["schemas"][name]
    return found


def resolve(node: dict[str, Any]) -> dict[str, Any]:
    """Follow a reference."""
    return schema(node["$ref"].rsplit("/", 1)[1]) if "$ref" in node else node


def to_json_schema(node: Any, *, closed: bool) -> Any:
    """Translate OpenAPI 3.0; `closed` refuses every property that the schema does not name."""
    if isinstance(node, list):
        return [to_json_schema(part, closed=closed) for part in node]
    if not isinstance(node, dict):
        return node
    kept = {
        name: {inner: to_json_schema(part, closed=closed) for inner, part in value.items()}
        if name == "properties"
        else to_json_schema(value, closed=closed)
        for name, value in node.items()
        if name not in {"nullable", "format"} and not name.startswith("x-")
    }
    if closed and kept.get("properties") and "additionalProperties" not in kept:
        kept["additionalProperties"] = False
    return _nullable(kept) if node.get("nullable") else kept


def _nullable(node: dict[str, Any]) -> dict[str, Any]:
    if "enum" in node and None not in node["enum"]:
        node["enum"] = [*node["enum"], None]
    if "type" in node:
        node["type"] = [node["type"], "null"]
    elif "anyOf" in node:
        node["anyOf"] = [*node["anyOf"], {"type": "null"}]
    elif "$ref" in node:
        return {"anyOf": [node, {"type": "null"}]}
    return node
