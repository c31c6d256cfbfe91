"""Checks a create request before anything is made of it."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

EVENTS = frozenset({"start", "output", "logs", "completed"})
FieldError = tuple[str, str]

_FIELDS = {"input", "stream", "version", "webhook", "webhook_completed", "webhook_events_filter"}

_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
}


def check_request(body: object, schema: dict[str, Any]) -> list[FieldError]:
    """Return what is wrong with a create request; `schema` is the model's openapi document."""
    if not isinstance(body, dict):
        return [("body", "must be a JSON object")]
    errors = [
        (name, f"Additional property {name} is not allowed")
        for name in sorted(body.keys() - _FIELDS)
    ]
    errors += _check_webhook(body)
    given = body.get("input")
    if not isinstance(given, dict):
        return [*errors, ("input", "input is required")]
    schemas = schema["components"]["schemas"]
    rules = schemas["Input"]
    for name in rules.get("required", []):
        if name not in given:
            errors.append((f"input.{name}", f"{name} is required"))
    for name, value in given.items():
        # Inputs that the model does not know pass, as they do in the cloud.
        if rule := rules["properties"].get(name):
            errors += check_value(f"input.{name}", value, resolve(rule, schemas))
    return errors


def _check_webhook(body: dict[str, Any]) -> list[FieldError]:
    webhook, events = body.get("webhook"), body.get("webhook_events_filter") or []
    errors: list[FieldError] = []
    if webhook is not None:
        parts = urlsplit(webhook) if isinstance(webhook, str) else None
        local = parts is not None and parts.hostname in {"127.0.0.1", "localhost"}
        if parts is None or not (parts.scheme == "https" or (parts.scheme == "http" and local)):
            errors.append(("webhook", "must be an HTTPS URL"))
    if not isinstance(events, list) or not set(map(str, events)) <= EVENTS:
        errors.append(("webhook_events_filter", "must be a list of known events"))
    return errors


def resolve(rule: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    """Return the rule of an input with the choices it refers to."""
    merged = dict(rule)
    for part in rule.get("allOf", []):
        merged.update(schemas[part["$ref"].rsplit("/", 1)[1]])
    return merged


def check_value(where: str, value: object, rule: dict[str, Any]) -> list[FieldError]:
    """Return what is wrong with a value, for a rule that was resolved."""
    kind = rule["type"]
    if not isinstance(value, _TYPES[kind]) or (isinstance(value, bool) and kind != "boolean"):
        return [(where, f"Invalid type. Expected: {kind}")]
    if "enum" in rule and value not in rule["enum"]:
        return [(where, f"must be one of {', '.join(map(str, rule['enum']))}")]
    if isinstance(value, (int, float)) and "minimum" in rule and value < rule["minimum"]:
        return [(where, f"must be greater than or equal to {rule['minimum']}")]
    if isinstance(value, (int, float)) and "maximum" in rule and value > rule["maximum"]:
        return [(where, f"must be less than or equal to {rule['maximum']}")]
    if isinstance(value, list):
        if len(value) > rule.get("maxItems", len(value)):
            return [(where, f"must have at most {rule['maxItems']} items")]
        found = (check_value(f"{where}.{i}", item, rule["items"]) for i, item in enumerate(value))
        return [error for errors in found for error in errors]
    if isinstance(value, str) and rule.get("format") == "uri" and not _is_uri(value):
        return [(where, "Does not match format 'uri'")]
    return []


def _is_uri(value: str) -> bool:
    # cog would open a bare path as a file of its own machine: only real URLs go through.
    parts = urlsplit(value)
    return parts.scheme == "data" or (parts.scheme in {"http", "https"} and bool(parts.hostname))
