"""Judges every request by Stripe's specification."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from stand_ins.stripe.spec import document
from stand_ins.stripe.validation import Validator
from stand_ins.stripe.validation_errors import first_error

if TYPE_CHECKING:
    from collections.abc import Iterator

# Parameters that take more than the version of our slice (2026-05-27.dahlia) knows: they are not
# judged. An endpoint may name the SDK's own, newer API version.
NEWER_PARAMS: dict[tuple[str, str], frozenset[str]] = {
    ("post", "/v1/webhook_endpoints"): frozenset({"api_version"}),
}


@dataclass(frozen=True)
class Operation:
    """One operation of the API, ready to recognize and judge requests."""

    method: str
    path: str
    pattern: re.Pattern[str]
    schema: dict[str, Any]
    validator: Validator

    def read(self, given: dict[str, Any]) -> dict[str, Any]:
        """Return the parameters with their proper types, or raise what Stripe would answer."""
        params: dict[str, Any] = coerce(given, self.schema)
        newer = NEWER_PARAMS.get((self.method, self.path), frozenset())
        judged = {name: value for name, value in params.items() if name not in newer}
        if error := first_error(self.validator.iter_errors(judged)):
            raise error
        return params


def find_operation(method: str, path: str) -> tuple[Operation, dict[str, str]] | None:
    """Return the operation for a request, and the ids in its address."""
    for operation in _operations():
        if operation.method == method.lower() and (found := operation.pattern.fullmatch(path)):
            return operation, found.groupdict()
    return None


@cache
def _operations() -> tuple[Operation, ...]:
    return tuple(_read_operations())


def _read_operations() -> Iterator[Operation]:
    paths = document.load()["paths"]
    # An address without a placeholder is more precise than one with.
    for path in sorted(paths, key=lambda path: path.count("{")):
        pattern = re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path))
        for method, described in paths[path].items():
            schema = _query_schema(described) if method == "get" else _body_schema(described)
            translated = document.to_json_schema(schema, closed=True)
            yield Operation(method, path, pattern, schema, Validator(translated))


def _query_schema(described: dict[str, Any]) -> dict[str, Any]:
    query = [part for part in described.get("parameters", ()) if part["in"] == "query"]
    return {
        "type": "object",
        "properties": {part["name"]: part["schema"] for part in query},
        "required": [part["name"] for part in query if part.get("required")],
        "additionalProperties": False,
    }


def _body_schema(described: dict[str, Any]) -> dict[str, Any]:
    content = described["requestBody"]["content"]
    schema: dict[str, Any] = content["application/x-www-form-urlencoded"]["schema"]
    return schema


def coerce(value: Any, schema: dict[str, Any]) -> Any:
    """Give the texts of a form the types that the schema wants, as far as they fit."""
    if "anyOf" in schema:
        return _coerce_any(value, schema["anyOf"])
    kind = schema.get("type")
    if isinstance(value, str):
        return _coerce_text(value, kind)
    if kind == "array" and isinstance(value, list):
        return [coerce(part, schema.get("items", {})) for part in value]
    if kind == "object" and isinstance(value, list):
        # A map whose keys are all digits looks like a list in a form.
        value = {str(index): part for index, part in enumerate(value)}
    if kind == "object" and isinstance(value, dict):
        others = schema.get("additionalProperties")
        fallback = others if isinstance(others, dict) else {}
        known = schema.get("properties", {})
        return {name: coerce(part, known.get(name, fallback)) for name, part in value.items()}
    return value


def _coerce_text(text: str, kind: str | None) -> Any:
    if kind == "integer" and re.fullmatch(r"-?\d{1,18}", text):
        return int(text)
    if kind == "number" and re.fullmatch(r"-?\d+(\.\d+)?", text):
        return float(text)
    if kind == "boolean" and text in {"true", "false"}:
        return text == "true"
    return text


def _coerce_any(value: Any, branches: list[dict[str, Any]]) -> Any:
    for branch in branches:
        tried = coerce(value, branch)
        translated = document.to_json_schema(branch, closed=True)
        if Validator(translated).is_valid(tried):
            return tried
    wanted = "array" if isinstance(value, list) else "object"
    # Nothing fits: read it as the nearest branch, so that the error names the right place.
    near = next((branch for branch in branches if branch.get("type") == wanted), None)
    return coerce(value, near) if near else value
