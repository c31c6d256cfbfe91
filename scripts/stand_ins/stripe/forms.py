"""Form bodies and query strings as Stripe reads them: brackets make objects and lists."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl

from stand_ins.stripe.errors import invalid

_KEYS = re.compile(r"[^\[\]]+|\[\]")


def decode(text: str) -> dict[str, Any]:
    """Turn `a[b]=1&c[0][d]=2&e[]=3` into {"a": {"b": "1"}, "c": [{"d": "2"}], "e": ["3"]}."""
    root: dict[str, Any] = {}
    for name, value in parse_qsl(text, keep_blank_values=True, max_num_fields=5000):
        _put(root, name, value)
    decoded: dict[str, Any] = {name: _with_lists(part) for name, part in root.items()}
    return decoded


def _put(root: dict[str, Any], name: str, value: str) -> None:
    *parents, last = _KEYS.findall(name) or [name]
    here = root
    for key in parents:
        here = here.setdefault(_index(here, key), {})
        if not isinstance(here, dict):
            raise invalid(f"Invalid parameter: {name}", name, "parameter_invalid", stored=False)
    here[_index(here, last)] = value


def _index(here: dict[str, Any], key: str) -> str:
    return str(len(here)) if key == "[]" else key


def _with_lists(part: Any) -> Any:
    if not isinstance(part, dict):
        return part
    if part and all(key.isdecimal() for key in part):
        return [_with_lists(part[key]) for key in sorted(part, key=int)]
    return {key: _with_lists(inner) for key, inner in part.items()}
