"""What an action asks for."""

from __future__ import annotations

from typing import Any

from stand_ins.stripe.errors import invalid

_NEEDED = object()


class ActionParams:
    """The JSON of an action; every name that is not read is an error."""

    def __init__(self, given: dict[str, Any]) -> None:
        self._left = dict(given)

    def take(self, name: str, default: Any = _NEEDED, choices: tuple[Any, ...] = ()) -> Any:
        """Return one value."""
        value = self._left.pop(name, default)
        if value is _NEEDED:
            raise invalid(f"Missing: {name}", name)
        if choices and value not in choices:
            named = ", ".join(str(one) for one in choices if one is not None)
            raise invalid(f"{name} must be one of {named}", name)
        return value

    def take_one_of(self, kind: type, name: str, default: Any) -> Any:
        """Return one value of a type, or the default."""
        value = self.take(name, default)
        if value is not default and (not isinstance(value, kind) or isinstance(value, bool)):
            raise invalid(f"{name} must be of type {kind.__name__}", name)
        return value

    def end(self) -> None:
        """Refuse what is left."""
        for name in self._left:
            raise invalid(f"Unknown: {name}", name)
