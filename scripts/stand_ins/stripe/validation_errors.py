"""Says what is wrong with a request in Stripe's words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stand_ins.stripe.errors import StripeError, invalid
from stand_ins.stripe.validation import best_match

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stand_ins.stripe.validation import ValidationError

_TYPE_CODES = {
    "array": "parameter_invalid_array",
    "boolean": "parameter_invalid_boolean",
    "integer": "parameter_invalid_integer",
    "object": "parameter_invalid_object",
    "string": "parameter_invalid_string",
}


def first_error(errors: Iterable[ValidationError]) -> StripeError | None:
    """Return the most telling error; Stripe too reports one at a time."""
    error = best_match(errors)
    return None if error is None else _in_words(error)


def _in_words(error: ValidationError) -> StripeError:
    path = [str(part) for part in error.absolute_path]
    name = _param(path)
    # Typed for schemas that need not be whole; ours are.
    schema: Any = error.schema
    rule: Any = error.validator_value
    given: Any = error.instance
    if error.validator == "additionalProperties":
        unknown = next(key for key in given if key not in schema["properties"])
        return _refused(f"Received unknown parameter: {_param([*path, unknown])}", [*path, unknown])
    if error.validator == "required":
        absent = next(key for key in rule if key not in given)
        param = _param([*path, absent])
        return _refused(f"Missing required param: {param}.", [*path, absent], "parameter_missing")
    if error.validator == "type":
        return _refused(f"Invalid {rule}: {given}", path, _TYPE_CODES.get(str(rule)))
    if error.validator == "enum":
        return _refused(f"Invalid {name}: must be {_one_of(rule)}", path)
    if error.validator == "maxLength":
        return _refused(f"Invalid string: must be at most {rule} characters", path)
    return _refused(f"Invalid {name}: {error.message[:150]}", path)


def _refused(message: str, path: list[str], code: str | None = None) -> StripeError:
    if message.startswith("Received unknown"):
        code = "parameter_unknown"
    # A request that fails its checks never began: the key stays free for a mended one.
    return invalid(message, _param(path) or None, code, stored=False)


def _param(path: list[str]) -> str:
    return path[0] + "".join(f"[{part}]" for part in path[1:]) if path else ""


def _one_of(allowed: list[object]) -> str:
    names = [str(one) for one in allowed]
    return names[0] if len(names) == 1 else f"one of {', '.join(names[:-1])}, or {names[-1]}"
