"""Values that clients send: what works, what nearly works, and what nobody has thought of."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

from tests.support.security.hostile.clients import GENEROUS
from tests.support.security.populated import PROMO, SPENT

# JSON as text: what cannot be said in Python can be said in it.
Json = str
Values = st.SearchStrategy[Json]

IDS = [
    *("~me.id~", "~me.face~", "~me.running~", "~me.key~", "~me.checkout_key~", "~me.removed~"),
    *("~owner.id~", "~owner.face~", "~owner.running~", "~owner.key~", "~owner.checkout_key~"),
    *("~gone.id~", "~gone.face~", "~gone.running~", "~gone.key~", "~gone.checkout_key~"),
    "~nobody.id~",
]
NASTY = [
    *("", " ", "\u0000", "a\u0000b", "\ud800", "x\udfffy", "\u202emoc.elpmaxe", "e\u0301" * 50),
    *("\u200b\u2060", "🦆" * 200, "x" * 1000, "x" * 1001, "x" * 100_000, "' or 1=1 --", "%s%n"),
    *("$(id)", "../../etc/passwd", "null", "NaN", "\\", "\u0007", "\uffff", "ﷺ" * 300, "{}"),
    *("[]", "\r\nX-Evil: 1", "٠١٢", "İ", "ß", "\u2028", "x" + " " * 50_000 + "x ", "{{1}}", "a,b"),
]
# JSON that Python would not write.
RAW = [
    *("null", "true", "0", "-1", "1.5", "1e400", "-1e-400", "1e1000000", "NaN", "Infinity", "[]"),
    *("{}", '{"a": [1, {"b": null}]}', '[["a"]]', "9" * 400, '"\\ud800"', '"\\u0000"', "''", "01"),
    *('{"a": 1, "a": 2}', '{"": {}}', "[" * 200 + "]" * 200, '{"a":' * 100 + "1" + "}" * 100),
]
KEYS = ["thumbnail", "thumbnail_draft", "starter", "creator", "monthly_100images", "pack"]

nasty_texts = st.sampled_from(NASTY) | st.text(max_size=30)


def written(values: st.SearchStrategy[Any] | list[Any]) -> Values:
    """Write values as JSON."""
    found = st.sampled_from(values) if isinstance(values, list) else values
    return found.map(json.dumps)


# By the type of the argument: this is all that a new function needs to be tried.
BY_TYPE: dict[str, Values] = {
    "uuid": written(IDS) | written(st.uuids().map(str)),
    "text": written(nasty_texts) | written([*KEYS, *IDS]),
    "boolean": st.sampled_from(["true", "false", "null", '"yes"', '"maybe"', "1"]),
    "integer": written(
        [0, 1, 2, -1, 1.5, 100, 2**31 - 1, 2**31, -(2**31), -(2**31) - 1, 2**63, 10**30, "1", ""]
    )
    | written(st.integers()),
    # A row, which PostgREST gives when it embeds; here clients make one up.
    "generations": written([{"generation_type": key} for key in (*KEYS, "", None, "x" * 1000)])
    | written([{}, {"id": "~owner.running~"}, {"id": "nonsense"}, {"nonsense": 1}, [], "(,,,)", 1]),
    "jsonb": st.sampled_from(['{"seed": 7}', '{"style": "Auto"}', '{"seed": 1e999}', '{"a": 1}'])
    | written(
        st.recursive(
            st.none() | st.booleans() | st.floats() | nasty_texts,
            lambda inner: st.lists(inner, max_size=4) | st.dictionaries(nasty_texts, inner),
            max_leaves=8,
        )
    ),
}
# By its name: what works for the people here. A call that never works shows nothing.
GOOD: dict[str, Values] = {
    "code": written([GENEROUS, PROMO, SPENT, "NONSENSE", "~me.code~", "~patron.code~"]),
    "confirmation": written(["delete my account", *["DELETE MY ACCOUNT", "yes", "", "delete"] * 3]),
    "generation_id": written(["~me.running~"]),
    "generation_type": written(["thumbnail", "thumbnail", "thumbnail_draft", "thumbnail_premium"]),
    "id": written(["~me.face~", "~me.removed~"]),
    "idempotency_key": written(st.uuids().map(str)),
    "item_key": written(["starter", "creator", "starter", "monthly_100images", "nonsense"]),
    "item_kind": written(["pack", "pack", "subscription"]),
    "object_path": written(["~me.path~", "~me.spare~", "~owner.spare~", "~me.id~/absent.png"]),
    "options": written([{}]),
    "pay_with_credits": written([True, False, None]),
    "prompt": written(["a cat on a rocket", "مرحبا", "猫", "a\nb\tc"]),
    "quantity": written([1, 2, 3]),
    "user_image_id": written(["~me.face~", None]),
}
anything = st.sampled_from(RAW)
