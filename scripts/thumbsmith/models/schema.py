"""What a model's own schema says about an input: a rule per key, and whether a value fits it."""

from __future__ import annotations

from typing import Any

Rule = dict[str, Any]

_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
}
_DEPTH = 8


class UnreadableError(Exception):
    """The document is not one that we understand."""


class Schema:
    """The openapi document of a model, as the provider gives it. Raises UnreadableError."""

    def __init__(self, document: object) -> None:
        self._schemas = _object(_object(_object(document, "components"), "schemas"))
        given = _object(self._schemas, "Input")
        self.inputs = {name: self._resolved(rule) for name, rule in _pairs(given, "properties")}
        required = given.get("required", [])
        if not isinstance(required, list):
            raise UnreadableError("required is no list")
        self.required = [str(name) for name in required]
        self.output = self._resolved(self._schemas.get("Output", {}))

    def holds_picture(self) -> bool:
        """Return whether the output may be a URL, a list of URLs, or an object with a url."""
        rule = self.output
        if rule.get("type") == "array":
            rule = self._resolved(rule.get("items", {}))
        if rule.get("type") == "object" and "properties" in rule:
            rule = self._resolved(_object(rule, "properties").get("url", {"type": "nothing"}))
        return rule.get("type", "string") in {"string", "object"}

    def _resolved(self, rule: object, depth: int = 0) -> Rule:
        """Follow references; of several alternatives take the one that is not null."""
        if not isinstance(rule, dict) or depth > _DEPTH:
            raise UnreadableError("a rule that is no object, or leads nowhere")
        merged = {
            key: value for key, value in rule.items() if key not in {"allOf", "anyOf", "$ref"}
        }
        if isinstance(reference := rule.get("$ref"), str):
            name = reference.rsplit("/", 1)[-1]
            merged = self._resolved(self._schemas.get(name), depth + 1) | merged
        others = rule.get("allOf") or []
        if not others:
            choices = rule.get("anyOf") or []
            real = [part for part in choices if part != {"type": "null"}]
            # Several real alternatives bind to nothing that could be checked here.
            others = real if len(real) == 1 else []
        for part in others:
            merged = self._resolved(part, depth + 1) | merged
        return merged


def refusal(value: object, rule: Rule) -> str | None:
    """Return why the model does not take a value; None when it does."""
    kind = rule.get("type")
    if kind in _TYPES and not _is_a(value, kind):
        return f"must be of type {kind}"
    if isinstance(choices := rule.get("enum"), list) and value not in choices:
        return f"must be one of {', '.join(map(str, choices))}"
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return _outside(value, rule)
    if isinstance(value, list):
        item = rule.get("items")
        found = (refusal(one, item) for one in value if isinstance(item, dict))
        return next((problem for problem in found if problem), None)
    return None


def _is_a(value: object, kind: str) -> bool:
    return isinstance(value, _TYPES[kind]) and (kind == "boolean" or not isinstance(value, bool))


def _outside(value: float, rule: Rule) -> str | None:
    least, most = rule.get("minimum"), rule.get("maximum")
    if isinstance(least, (int, float)) and value < least:
        return f"must be at least {least}"
    if isinstance(most, (int, float)) and value > most:
        return f"must be at most {most}"
    return None


def _object(parent: object, name: str | None = None) -> dict[str, Any]:
    found = parent.get(name) if isinstance(parent, dict) and name else parent
    if not isinstance(found, dict):
        raise UnreadableError(f"{name or 'the document'} is no object")
    return found


def _pairs(parent: dict[str, Any], name: str) -> list[tuple[str, object]]:
    return list(_object(parent, name).items())
